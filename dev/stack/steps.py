"""What the stack is made of, in one table: `up`, `status` and the announcement all read it.

A step is skipped when it is ready, and runs as soon as the steps it comes after are done; so downloads, the AWS API and
the registries go on while docker is being installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dev.stack import (
    apt,
    aws,
    base,
    browser,
    builder,
    ecr,
    emulation,
    engine,
    hosts,
    layout,
    proof,
    registries,
    tls,
    tools,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev.stack.state import State


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str
    what: str
    ready: Callable[[], bool]
    make: Callable[[], None]
    after: tuple[str, ...] = ()


def steps(state: State) -> tuple[Step, ...]:
    native = apt.Index(tools.NATIVE, engine.SUITE, engine.FROM_SUITE)
    indexes = {tools.NATIVE: native, tools.FOREIGN: apt.Index(tools.FOREIGN)}
    names = ", ".join(registry.host for registry in layout.ECRS)
    return (
        Step(
            name="packages",
            what="install docker and socat with apt, because no engine responds or socat is missing",
            ready=lambda: not engine.missing_packages(),
            make=lambda: engine.install(state, native),
        ),
        Step(
            name="browser",
            what="install Chromium with apt, for the tests of reports",
            ready=lambda: bool(browser.find()),
            make=lambda: browser.install(state, native),
            # One apt at a time.
            after=("packages",),
        ),
        Step(
            name="tools",
            what=f"unpack docker-registry, busybox and QEMU from Debian packages into {layout.TOOLS}",
            ready=tools.ready,
            make=lambda: tools.fetch(indexes),
        ),
        Step(
            name="aws",
            what=f"start moto, the mock of the AWS API, at {layout.AWS_URL}",
            ready=aws.ready,
            make=lambda: aws.start(state),
        ),
        Step(
            name="trust",
            what="create certificates for ECR's host names, trusted by docker through /etc/docker/certs.d",
            ready=tls.ready,
            make=lambda: tls.write(state),
        ),
        Step(
            name="hosts",
            what=f"write {names} into /etc/hosts, on loopback",
            ready=hosts.ready,
            make=lambda: hosts.write(state),
        ),
        Step(
            name="engine",
            what=f"start dockerd, with its data in {layout.STATE}",
            ready=engine.works,
            make=lambda: engine.start(state),
            after=("packages",),
        ),
        Step(
            name="registries",
            what=f"start the registries: two ECR names, {layout.PLAIN.host} without login, and one behind a proxy",
            ready=registries.ready,
            make=lambda: registries.start(state),
            after=("tools", "trust"),
        ),
        Step(
            name="ecr",
            what=f"start an ECR with ECR's rules and with faults on request: {layout.PROXIED.host}",
            ready=ecr.ready,
            make=lambda: ecr.start(state),
            after=("trust", "aws", "registries"),
        ),
        Step(
            name="emulation",
            what=f"register QEMU with the kernel, for RUN steps of linux/{tools.FOREIGN}",
            ready=emulation.ready,
            make=lambda: emulation.register(state),
            after=("tools",),
        ),
        Step(
            name="base",
            what=f"push the base image of the tests, {layout.PLAIN.host}/{layout.BASE}:{layout.BASE_TAG}",
            ready=base.ready,
            make=base.push,
            after=("registries", "hosts"),
        ),
        Step(
            name="builder",
            what=f"pull {builder.wanted()}, or create a substitute that uses docker's API on its bridge",
            ready=lambda: builder.ready(state),
            make=lambda: builder.make(state),
            after=("engine", "tools", "registries"),
        ),
        Step(
            name="proof",
            what="build an image for two platforms as a check",
            ready=lambda: proof.ready(state),
            make=lambda: proof.run(state),
            after=("builder", "base", "emulation", "trust", "hosts"),
        ),
    )
