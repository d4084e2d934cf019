"""Errors of the commands of a RUN step. The last line decides."""

from collections.abc import Mapping

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import CONFIG, PERMANENT, STEP


def _own(
    name: str, signs: Mapping[str, str], *, cause: str, why: str, advice: str = STEP, echo: bool = False
) -> FailureRule:
    return FailureRule(name, FailurePhase.RUN_STEP, PERMANENT, signs, cause=cause, advice=advice, why=why, echo=echo)


# A wrong package name, unless the index itself could not be fetched.
MISSING: tuple[FailureRule, ...] = (
    _own("step-package-missing", {
        "has no installation candidate": "E: Package 'curl' has no installation candidate",
        "unable to locate package": "E: Unable to locate package crul",
        "no such package": "  git (no such package):\n    required by: world[git]",
        "unable to select packages": "ERROR: unable to select packages:",
        "could not find a version that satisfies":
            "ERROR: Could not find a version that satisfies the requirement shopp==9",
        "no matching distribution found": "ERROR: No matching distribution found for x==9",
        "no package .{1,80} available": "No package shopp available.",
        "unable to find a match": "Error: Unable to find a match: shopp",
        "nothing provides": "Problem: nothing provides libfoo.so.1",
        "failed to resolve: ": "failed to resolve: shopp",
        "e: couldn't find any package": "E: Couldn't find any package by regex 'shopp'",
        "required by: world": "    required by: world[hub]",
        "from versions: none": "(from versions: none)",
        "unsatisfiable constraints": "ERROR: unsatisfiable constraints:",
        r"nu1101\b": "error NU1101: Unable to find package Shopp.",
        "no packages exist with this id": "No packages exist with this id in source(s): nuget.org",
    }, cause="package {package} is not in the package index",
        advice="correct the name or version of the package for this release and platform; step: {step}",
        why="a wrong name, unless the index itself could not be fetched", echo=True,
    ),
)  # fmt: skip

OWN_FAULT: tuple[FailureRule, ...] = (
    *MISSING,
    _own("step-lockfile-outdated", {
        ("lock ?file.{0,120}(?:out of date|not up to date|in sync|needs to be updated|would have been modified"
         "|not compatible|incompatible|missing|broken|doesn't match)"):
            "error Your lockfile needs to be updated, but yarn was run with `--frozen`.",
        "err_pnpm_(?:outdated_)?lockfile": "ERR_PNPM_OUTDATED_LOCKFILE  Cannot install, for pnpm-lock.yaml is old",
        "npm ci.{0,80}can only install":
            "`npm ci` can only install packages when your package.json and package-lock.json are in sync.",
        "frozen[- ]lockfile": "error Your lockfile does not match package.json; remove `--frozen-lockfile`",
        "changed significantly since":
            "pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock`.",
    }, cause="the lock file does not match the manifest or the version of the tool",
        advice="recreate the lock file with the tool version of the image, and commit it; step: {step}",
        why="the files stay the same",
    ),
    _own("step-versions-conflict", {
        "requires a different python":
            "ERROR: Package 'pipelinewise-tap-postgres' requires a different Python: 3.13.14 not in '<3.10,>=3.7'",
        "resolutionimpossible": "ERROR: ResolutionImpossible: for help visit the pages of pip",
        "eresolve": "npm ERR! code ERESOLVE",
        "could not resolve dependency": "npm error Could not resolve dependency:",
        "conflicting": "ERROR: Cannot install shop because these package versions have conflicting dependencies.",
        "unmet dependencies": "The following packages have unmet dependencies:",
        "held broken packages": "E: Unable to correct problems, you have held broken packages.",
        "does not match": "ERROR: the version of shop does not match",
        "mismatch": "ERROR: version mismatch of shop",
        "do not match the hashes":
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the "
             "package versions, please update the hashes. Otherwise, examine the package contents carefully; "
             "someone may have tampered with them."),
        "eintegrity": "npm error code EINTEGRITY",
        "version solving failed": "Because shop depends on both, version solving failed.",
        "does not satisfy that requirement": "Python 3.8 does not satisfy that requirement",
        r"go\.mod requires go": "go: go.mod requires go >= 1.23 (running go 1.22.1)",
        "breaks: world": "  breaks: world[shop=1.2-r0]",
    }, cause="the package versions of the step conflict",
        advice="change the versions, or the base image that contains one of them; step: {step}",
        why="the versions stay the same",
    ),
    _own("step-mirror-retired", {
        r"curl#6.{0,80}mirrorlist\.centos":
            '14: curl#6 - "Could not resolve host: mirrorlist.centos.org; Unknown error"',
        "valid baseurl for repo": "Cannot find a valid baseurl for repo: base/7/x86_64",
        "no urls in mirrorlist":
            ("Error: Failed to download metadata for repo 'appstream': Cannot prepare internal mirrorlist: No "
             "URLs in mirrorlist"),
        "does not have a release file":
            "E: The repository 'http://deb.debian.org/debian oldname Release' does not have a Release file.",
        "release file .{1,200} is expired":
            ("E: Release file for http://deb.debian.org/debian/dists/buster/InRelease is expired (invalid since "
             "2d)."),
    }, cause="the mirrors no longer serve this release of the distribution",
        advice=("use a supported base image, or the archive of the release (vault.centos.org, "
                "archive.debian.org, old-releases.ubuntu.com)"), why="the release has reached its end of life",
    ),
    _own("step-signature-unknown", {
        "no_pubkey":
            ("The following signatures couldn't be verified because the public key is not available: NO_PUBKEY "
             "0123456789ABCDEF"),
        "at least one invalid signature": "  At least one invalid signature was encountered.",
        "untrusted signature": "ERROR: https://dl-cdn.alpinelinux.org/alpine/v3.20/main: UNTRUSTED signature",
        "bad signature": "ERROR: https://dl-cdn.alpinelinux.org/alpine/v3.20/main: BAD signature",
    }, cause="the image does not have the key that signs the package index",
        advice=("install the key of the repository before the step, update the base image, or check for a full "
                "disk or a proxy"), why="the key stays missing",
    ),
    _own("step-access-denied", {
        r"curl: \(22\).{0,80}\b40[13]\b": "curl: (22) The requested URL returned error: 403",
        "error 40[13]: ": "ERROR 403: Forbidden.",
        r"\b40[13]:? (?:forbidden|unauthorized)": "403 Forbidden [IP: 192.0.2.1 443]",
        "code e40[13]": "npm ERR! code E401",
        "status code: 40[13]": "Response status code: 401 (Unauthorized).",
        r"\b40[13] \(": "error NU1301: Response status code does not indicate success: 401 (Unauthorized).",
        r"http/[\d.]+ 40[13]": "HTTP/1.1 401 Unauthorized",
        "could not read username":
            "fatal: could not read Username for 'https://github.com': No such device or address",
        r"permission denied \(publickey": "git@github.com: Permission denied (publickey).",
        "authentication ?(?:exception|failed)":
            "remote: Authentication failed for 'https://git.example.com/shop.git/'",
        "could not authenticate": "Could not authenticate against https://git.example.com/shop.git",
        "host key verification failed": "Host key verification failed.",
        r"access denied\.": "remote: HTTP Basic: Access denied. The token is not enough.",
        "requested url returned error: 40[13]":
            "fatal: unable to access 'https://github.com/shop/shop.git/': The requested URL returned error: 403",
    }, cause="the server denied the download of the step",
        advice=("pass the credential as a secret: docker build --secret id=NAME, RUN --mount=type=secret,id=NAME "
                "(or --ssh)"), why="the server requires another login",
    ),
    _own("step-download-missing", {
        r"curl: \(22\).{0,80}\b4(?!29)\d\d\b": "curl: (22) The requested URL returned error: 404",
        "error 40[0-9]: ": "ERROR 404: Not Found.",
        r"\b40[04]:? not found": "404 Not Found [IP: 192.0.2.1 80]",
        "code e40[0-9]": "npm error code E404",
        "404 client error": "requests.exceptions.HTTPError: 404 Client Error: for url: https://example.com/x",
        r"status code: 40\d": "unexpected http status code: 404; class=Http (34)",
        "repository .{1,200}not found":
            "remote: Repository not found: fatal: repository 'https://git.example.com/shop.git/' not found",
        r"http/[\d.]+ 40\d": "HTTP/1.1 404 Not There",
        "410 gone": "410 Gone",
        "notarget": "npm error code ETARGET notarget No matching version for shop@9",
        "fetch_404": "ERR_PNPM_FETCH_404  GET https://registry.npmjs.org/shopp",
    }, cause="the download of the step does not exist", advice="correct the address or the version: {step}",
        why="the server answered that the file does not exist",
    ),
    FailureRule("step-certificate-untrusted", FailurePhase.RUN_STEP, CONFIG, {
        r"curl: \(60\)": "curl: (60) SSL certificate problem: expired",
        "ssl certificate problem":
            ("fatal: unable to access 'https://git.example.com/': SSL certificate problem: unable to get issuer "
             "certificate"),
        "certificate[_ ]verify[_ ]failed":
            "ssl.SSLCertVerificationError: certificate verify failed: unable to get local issuer certificate",
        "self[-_ ]signed[-_ ]cert": "curl: (60) SSL certificate problem: self-signed certificate in chain",
        r"unable_to_(?:get|verify)_\w+": "npm error code UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "x509: ": 'Get "https://proxy.golang.org/x": x509: certificate signed by unknown authority',
        "server certificate verification failed":
            "fatal: unable to access: server certificate verification failed. CAfile: none CRLfile: none",
        "pkix path building":
            'Exception in thread "main" javax.net.ssl.SSLHandshakeException: PKIX path building failed',
    }, cause="the certificate of {host} is not trusted inside the step",
        advice="add the CA of the proxy to the image before the step, or use a proxy that does not intercept TLS",
        why="the CA stays unknown",
    ),
    _own("step-python-externally-managed", {
        "externally-managed-environment": "error: externally-managed-environment",
    }, cause="the Python of the image does not allow package installation outside a virtual environment",
        advice="install into a virtual environment (python -m venv), or use a python: base image", why="PEP 668",
    ),
    _own("step-program-failed", {
        ("^(?:.{0,20}: )?(?:assertionerror|syntaxerror|typeerror|modulenotfounderror|importerror|nameerror|keyerror"
         r"|valueerror|filenotfounderror|referenceerror)\b"):
            "KeyError: 'x'",
        r"^fail\b": "FAIL\tgithub.com/example/dns/plugin/proxy\t600.035s",
        r"^failed\b(?! (?:to|with)\b)": "FAILED (errors=1)",
        "failed tests?/": "[gw0] FAILED tests/test_shop.py::test_add",
        "tests? failed": "3 tests failed",
        r"(?<!of )\b[1-9]\d* (?:tests? )?fail(?:ed|ing|ures?)\b": "1 failed, 20 passed in 2.1s",
        "failures?: [1-9]": "Failures: 2",
        "npm (?:err!|error) (?:test failed|lifecycle|code elifecycle)":
            "npm error Test failed.  See above for more details.",
        "there were failing tests": "[ERROR] There were failing tests.",
        r"\bpanicked at\b": "thread 'main' panicked at src/main.rs:3:5:",
    }, cause="tests or a program of the step failed", why="the same code fails again",
    ),
    _own("step-command-missing", {
        (r"(?:\b(?:ba|da|a|z)?sh: (?:line )?(?:\d+: )?|exec: \\?\"?|^(?!unknown: |\S+:\d))(?P<command>[\w.+/-]+)\\?"
         r"\"?: (?:(?:command )?not found\b|executable file not found|cannot execute: required file not found)"):
            "/bin/sh: 1: tsc: not found",
        "executable not found": "Error: pg_config executable not found.",
    }, cause="the image does not contain command {command}",
        advice="install the command in an earlier step, or use a base image that contains it; step: {step}",
        why="the command stays missing",
    ),
    _own("step-compile-failed", {
        r"error ts\d+": "src/a.ts(3,1): error TS2304: Cannot find name 'x'.",
        r"error cs\d+": "Program.cs(3,1): error CS0103: The name 'x' is not there",
        r"^error\[e\d+\]": "error[E0425]: cannot find value `x` in this scope",
        "undefined reference": "main.c:(.text+0x5): undefined reference to `x'",
        "fatal error: .{1,200}(?:no such file|killed)?": "gcc: fatal error: cannot execute cc1plus",
        "compilation (?:error|failed|terminated)": "compilation terminated.",
        "cannot find (?:module|symbol|package|-l)": "Cannot find module './x'",
        "could not compile": "error: could not compile `shop`",
        "failed to compile": "Failed to compile.",
        ": error: ": "main.c:3:1: error: expected ';'",
        r"\.go:\d+:\d+: ": "main.go:3:1: undefined: x",
        "failed to build gem native": "ERROR: Failed to build gem native extension.",
        "failed building wheel": "ERROR: Failed building wheel for shop",
        "internal compiler error": "gcc: internal compiler error: Segmentation fault",
    }, cause="the code of the step does not compile",
        advice="correct the code, or install its build dependencies (headers, compilers); step: {step}",
        why="the code stays the same",
    ),
    _own("step-command-failed", {
        "(?<!caused by): error[: ]": "shop: error loading the configuration",
        "command not found": "make: the command not found",
        r"not found in \$path": "executable file not found in $PATH",
        "no such file or directory": "cp: cannot stat 'dist': No such file or directory",
        "permission denied": "mkdir: cannot create directory '/app': Permission denied",
        "eacces": "npm error code EACCES",
        "unknown (?:option|command|flag)": "error: unknown option '--prod'",
        "invalid option": "tar: invalid option -- 'Q'",
        "no rule to make target": "gmake: *** No rule to make target 'docs'.  Stop.",
        "dpkg: error":
            ("dpkg: error processing archive /tmp/shop.deb (--unpack):\n trying to overwrite '/usr/bin/x', which "
             "is also in package y 1.0"),
        "is not recognized": "'shop' is not recognized as an internal or external command",
    }, cause="a command of the step failed", why="the same command fails again",
    ),
    _own("step-tool-failed", {
        "is not signed": "E: The repository 'https://r.example.com stable InRelease' is not signed.",
        "ninja: build stopped": "ninja: build stopped: subcommand failed.",
        "build fail(?:ure|ed)": "[INFO] BUILD FAILURE",
        "metadata-generation-failed": "error: metadata-generation-failed",
        "subprocess-exited-with-error": "error: subprocess-exited-with-error",
        "error: command .{1,200}failed": "error: command '/usr/bin/gcc' failed with exit code 1",
        "returned error exit status": "subprocess.CalledProcessError: the command returned error exit status",
    }, cause="a command of the step failed", why="a tool reports that another one failed", echo=True,
    ),
)  # fmt: skip

UNEXPLAINED = _own("step-failed", {
    "did not complete successfully":
        ('ERROR: failed to build: failed to solve: process "/bin/sh -c ./build.sh" did not complete successfully: '
         "exit code: 3"),
    "executor failed running": "failed to solve: executor failed running [/bin/sh -c ./build.sh]: exit code: 3",
    "returned a non-zero code": "The command '/bin/sh -c ./build.sh' returned a non-zero code: 1",
    "did not terminate suc?cess?fully": "failed to solve: runc did not terminate sucessfully",
    r"exit (?:code|status):? [1-9]\d*": "Command failed with exit code 3",
    r"\berror\b": "an error in build.sh",
    r"\bfail": "build.sh had to fail",
}, cause="step failed: {step}", why="nothing in the output points to the network",
)  # fmt: skip

# A step that runs tests and fetches nothing: network errors in its output are those of the tests.
TESTS = (
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|unittest|(?:npm|yarn|pnpm|go|cargo|make|mvnw?"
    r"|gradlew?|dotnet|bundle exec) (?:run |-\S+ )*(?:test|check|verify|e2e)\b)"
)
FETCHES = (
    r"\b(?:install|ci|add|update|upgrade|curl|wget|git|clone|fetch|download|restore|sync|get|apt|apk|dnf|yum"
    r"|pip|poetry|uv)\b"
)
