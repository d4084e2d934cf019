"""What decides wherever it is in the output of a RUN step, in this order."""

from collections.abc import Mapping

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import CONFIG, PERMANENT, ROOM, STEP


def _own(
    name: str, signs: Mapping[str, str], *, cause: str, why: str, advice: str = STEP, echo: bool = False
) -> FailureRule:
    return FailureRule(name, FailurePhase.RUN_STEP, PERMANENT, signs, cause=cause, advice=advice, why=why, echo=echo)


DECIDED: tuple[FailureRule, ...] = (
    FailureRule("step-disk-full", FailurePhase.RUN_STEP, CONFIG, {
        "no space left on device": "tar: usr/lib/libx.so: Cannot write: No space left on device",
        "disk quota exceeded": "tar: app: Cannot write: Disk quota exceeded",
        r"\benospc\b": "npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device",
        "you don't have enough free space": "E: You don't have enough free space in /var/cache/apt/archives/.",
        "not enough (?:free |disk )space": "Error: Not enough disk space",
    }, cause="the disk of the build host is full", advice=ROOM, why="the disk stays full",
    ),
    FailureRule("step-emulation-missing", FailurePhase.QEMU, CONFIG, {
        "exec format error": ".buildkit_qemu_emulator: /bin/sh: Exec format error",
        "cannot execute binary file": "/app/run: cannot execute binary file: Exec format error",
        "invalid elf image": "Invalid ELF image for this architecture",
        r"qemu-\S+: (?:could not open|no such file)":
            "qemu-x86_64: Could not open '/lib64/ld-linux-x86-64.so.2': No such file or directory",
        "rosetta error: failed to open elf": "rosetta error: failed to open elf at /lib64/ld-linux-x86-64.so.2",
    }, cause="the step runs a program of another platform, and emulation is not set up",
        advice=("run `docker run --privileged --rm tonistiigi/binfmt --install all`, or build the platform "
                "natively; check --platform"), why="emulation does not appear by itself",
    ),
    FailureRule("step-emulator-crashed", FailurePhase.QEMU, PERMANENT, {
        "qemu: uncaught target signal": "qemu: uncaught target signal 11 (Segmentation fault) - core dumped",
        r"qemu internal sig\w+": "aarch64-binfmt-P: QEMU internal SIGSEGV {code=MAPERR, addr=0x20}",
        r"qemu-\w+: .{0,80}(?:segmentation|unhandled|uncaught)":
            "qemu-aarch64: QEMU internal SIGSEGV {code=MAPERR, addr=0x20}: unhandled",
        r"ecdsa\s+verification failure":
            "tls: invalid signature by the server certificate: ECDSA verification failure",
        "exit code: 139":
            ('ERROR: failed to build: failed to solve: process "/dev/.buildkit_qemu_emulator /bin/sh -c make" did '
             "not complete successfully: exit code: 139"),
        "illegal instruction.{0,40}core dumped": "qemu: Illegal instruction (core dumped)",
    }, cause="QEMU crashed or produced wrong results in the step",
        advice="update QEMU (tonistiigi/binfmt), or build the platform natively",
        why="a bug of the emulator happens again", given=r"qemu|emulat|ecdsa\s+verification|linux/(?!amd64)",
    ),
    FailureRule("step-out-of-memory", FailurePhase.RUN_STEP, CONFIG, {
        "exit (?:code|status):? 137":
            'ERROR: process "/bin/sh -c npm run build" did not complete successfully: exit code: 137',
        "non-zero code: 137": "The command '/bin/sh -c make' returned a non-zero code: 137",
        "cannot allocate memory": "fork: Cannot allocate memory",
        "outofmemoryerror": "java.lang.OutOfMemoryError: Java heap space, killed",
        r"\boom[- ]?kill": "oom-kill: constraint=CONSTRAINT_MEMCG",
        "std::bad_alloc": "terminate called after throwing an instance of 'std::bad_alloc': memory",
        "killed signal terminated": "c++: fatal error: Killed signal terminated program cc1plus",
        "signal: killed": "/usr/local/go/pkg/tool/linux_amd64/link: signal: killed",
        "signal: 9, sigkill": "process didn't exit successfully: `rustc --crate-name shop` (signal: 9, SIGKILL: kill)",
        r"\bkilled$": "#9 [2/4] RUN make\n#9 1.0 /bin/sh: line 1:     9 Killed",
        "out of memory":
            ("FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of "
             "memory"),
        "virtual memory exhausted": "virtual memory exhausted: Cannot allocate",
        "resourceexhausted":
            ('ERROR: failed to solve: ResourceExhausted: process "/bin/sh -c make" did not complete successfully: '
             "cannot allocate memory"),
        "exited with (?:code|status) 137": "Task exited with code 137",
    }, cause="the step ran out of memory and was killed",
        advice="use a larger CodeBuild compute type, or run fewer parallel jobs",
        why="the step needs the same memory again",
        given=r"exit code: (?:137|134|1|2|101)\b|\b137\b|killed|memory|sigkill",
    ),
    FailureRule("step-clock-wrong", FailurePhase.RUN_STEP, CONFIG, {
        r"release file .{1,200}is\s+not\s+valid\s+yet":
            ("E: Release file for http://deb.debian.org/debian/dists/bookworm/InRelease is not valid yet (invalid "
             "for another 2h 3min 4s)."),
        "certificate is not yet valid": "SSL: certificate is not yet valid",
    }, cause="the clock of the build host is wrong", advice="synchronize the clock (chronyd, ntpd)",
        why="the clock stays wrong",
    ),
    FailureRule("step-host-restricted", FailurePhase.RUN_STEP, CONFIG, {
        "can't mask (?:dir|path)": "container init: can't mask dir \"/proc/acpi\": mount src=tmpfs, dst=/proc/acpi,",
        "error mounting": 'error mounting "proc" to rootfs at "/proc"',
        "mount src=": "container init: can't mask dir \"/proc/acpi\": mount src=tmpfs, dst=/proc/acpi,",
        "failed to (?:fulfil|mount)": "failed to fulfil mount request: open /proc/1: no such file",
        "apparmor": "unable to apply apparmor profile: apparmor failed to apply profile",
        "seccomp.{0,80}(?:fail|denied|not)": "seccomp: failed to load the filter",
        "cgroup.{0,120}(?:no such file|not (?:found|supported)|invalid|read-only|permission denied)":
            "cgroups: cgroup mountpoint does not exist: not found",
        "selinux.{0,60}(?:denied|fail)": "SELinux: denied { execute }",
    }, cause="the security settings of the build host do not allow the step to start",
        advice="correct AppArmor, seccomp or cgroups of the build host, or run privileged",
        why="the host stays the same",
    ),
    FailureRule("step-proxy-failed", FailurePhase.RUN_STEP, CONFIG, {
        "proxyconnect tcp":
            ('Get "https://proxy.golang.org/x": proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection '
             "refused"),
        "proxy authentication required": "Proxy Authentication Required",
        "could not resolve proxy": "curl: (56) Could not resolve proxy: proxy.internal",
        r"response \d+ from proxy after connect":
            "curl: (56) Received HTTP code: Response 403 from proxy after CONNECT",
        r"curl: \((?:5|97)\)": "curl: (5) Unsupported proxy",
    }, cause="the proxy of the step is unreachable or rejected the connection",
        advice="check the build arguments HTTP_PROXY, HTTPS_PROXY and NO_PROXY", why="the proxy setting stays wrong",
    ),
    FailureRule("step-ipv6-unreachable", FailurePhase.RUN_STEP, CONFIG, {
        "cannot assign requested address": "dial tcp [2600::1]:443: connect: cannot assign requested address",
    }, cause="cannot reach {host} over IPv6", advice="disable IPv6 for the builder, or add a route",
        why="the route stays missing",
    ),
    _own("step-tests-failed", {
        r"^fail\s+\S+\.(?:test|spec)": "FAIL src/api.test.ts",
        r"^\s*● ": "● api answers",
        "--- fail: ": "--- FAIL: TestStore",
        r"^failed \S*tests?/": "FAILED tests/test_api.py::test_get",
        r"tests run: \d+, failures?: ": "[ERROR] Tests run: 1, Failures: 0, Errors: 1, Skipped: 0",
        r"^test suites?: [1-9]\d* failed": "Test Suites: 1 failed, 12 passed, 13 total",
        r"^\d+ failing\b": "2 failing",
        "test result: failed": "test result: FAILED. 3 passed; 1 failed; 0 ignored",
        r"^e {3,}\w":
            ("E   requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='api.example.org', port=443): "
             "connect timeout=5"),
        r"^\s*✕ ": "  ✕ adds (3 ms)",
    }, cause="tests of the step failed",
        why="tests run after all fetches: network errors in their output are their own",
    ),
    FailureRule("step-container-not-started", FailurePhase.RUN_STEP, PERMANENT, {
        "read init-p:":
            ("runc create failed: error during container init for init preliminary setup: read init-p: connection "
             "reset by peer"),
        "runc run failed": "runc run failed: unable to start container process: error during",
        "unable to start container process": "runc run failed: unable to start container process: error during",
        "oci runtime (?:create|exec) failed": "OCI runtime exec failed: exec: it did not start",
        "error during container init": "OCI runtime create failed: error during container init: open /dev/pts/0",
    }, cause="the container of the step could not start", advice=STEP,
        why="the error may look like a network error, but the step has no network yet",
    ),
)  # fmt: skip
