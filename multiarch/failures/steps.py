r"""The table of what the commands of RUN steps print, and what it means.

A RUN step that fails is the user's build failing, whatever words its output holds: unit tests print `503`, `timeout`
and `connection refused` too. So it is permanent, unless a tool that fetches things says, in its own wording, that the
network let it down: then the step may be tried again, once.

`DECIDED` holds what decides wherever it stands in the step's output, in this order. Of `FETCHED` and `OWN_FAULT` the
last line decides, for a tool that was cut off and went on is not the reason for what failed after it.
"""

from multiarch.failures.model import Phase, Rule
from multiarch.failures.rules import CONFIG, KNOWN_HOST, PERMANENT, THROTTLED, T

_HOME = r"(?!.{0,300}(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]))"  # not about a server of the step's own
_NO_ANSWER = (
    r"(?:time(?:d)?[- ]?out|connection (?:reset|refused|aborted|closed|broken|was (?:reset|closed))"
    r"|could ?n[o']t (?:resolve|connect)|"
    r"temporary failure|unable to connect|network is unreachable|no route to host|failed to connect"
    r"|remote host (?:closed|terminated)|"
    r"50[0234]\b|52\d\b|bad gateway|service unavailable|eof\b|handshake fail|econn\w+|etimedout|eai_again"
    r"|name or service not known|"
    r"dns error|name resolution|failed to resolve|unknownhost|unknown host|incomplete|prematurely|premature)"
)
# Hosts that serve packages and sources: named next to the network's words, one of them is a fetch that failed.
_SOURCES = (
    r"(?:pypi|pythonhosted|npmjs|yarnpkg|golang\.org|goproxy|crates\.io|rust-lang|maven|gradle|rubygems|packagist"
    r"|nuget|debian|ubuntu|alpinelinux"
    r"|fedora|centos|rocky|redhat|amazonlinux|mirror|github|gitlab|bitbucket|conda|apache\.org|nodejs\.org"
    r"|dl\.google|packages\.|archive\.|repo[.\d-]"
    r"|huggingface|pytorch|download|registry\.|cdn|artifactory|nexus|sourceforge|gnu\.org|kernel\.org|launchpad"
    r"|hackage|hex\.pm|cpan|cran)"
)
_ONCE = "try again, once; if it stays, give the step a mirror, a proxy or retries of its own"
_STEP = "correct the step: {step}"
_ROOM = "take a larger CodeBuild compute type, or free the cache: docker system prune -af; docker buildx prune -af"


def _fetch(pattern: str, cause: str, why: str, *, echo: bool = False) -> Rule:
    return Rule(Phase.RUN_STEP, T, pattern, cause, _ONCE, why, echo=echo)


def _own(pattern: str, cause: str, why: str, *, echo: bool = False) -> Rule:
    return Rule(Phase.RUN_STEP, PERMANENT, pattern, cause, _STEP, why, echo=echo)


DECIDED: tuple[Rule, ...] = (
    Rule(
        Phase.RUN_STEP, CONFIG, r"no space left on device|disk quota exceeded|\benospc\b"
        r"|you don't have enough free space|not enough (?:free |disk )space",
        "the disk of the build host is full", _ROOM, "space does not come back by itself",
    ),
    Rule(
        Phase.QEMU, CONFIG,
        r"exec format error|cannot execute binary file|invalid elf image|qemu-\S+: (?:could not open|no such file)"
        r"|rosetta error: failed to open elf",
        "the step's program is for another platform, and no emulation is set up",
        "run docker run --privileged --rm tonistiigi/binfmt --install all, or build the platform natively; check "
            "--platform",
        "emulation does not appear by itself",
    ),
    Rule(
        Phase.QEMU, PERMANENT, r"qemu: uncaught target signal|qemu-\w+: .{0,80}(?:segmentation|unhandled|uncaught)"
        r"|ecdsa\s+verification failure"
        r"|exit code: 139|illegal instruction.{0,40}core dumped",
        "the program crashed under emulation (QEMU), or the emulator did",
            "update it (tonistiigi/binfmt), or build the platform natively",
        "an emulator's bug comes again", given=r"qemu|emulat|ecdsa\s+verification|linux/(?!amd64)",
    ),
    Rule(
        Phase.RUN_STEP, CONFIG,
        r"exit code: 137|non-zero code: 137|cannot allocate memory|heap out of memory|outofmemoryerror"
        r"|\boom[- ]?kill|std::bad_alloc|killed signal terminated"
        r"|signal: killed|signal: 9, sigkill|\bkilled$|out of memory|virtual memory exhausted|resourceexhausted"
        r"|exited with (?:code|status) 137",
        "the step ran out of memory, and was killed", "take a larger CodeBuild compute type, or run fewer jobs at once",
        "it needs the same memory again", given=r"exit code: (?:137|134|1|2|101)\b|\b137\b|killed|memory",
    ),
    Rule(
        Phase.RUN_STEP, CONFIG, r"release file .{1,200}is\s+not\s+valid\s+yet|certificate is not yet valid",
        "the build host's clock is wrong", "synchronise the clock (chronyd, ntpd)", "the clock stays wrong",
    ),
    Rule(
        Phase.RUN_STEP, CONFIG, r"can't mask (?:dir|path)|error mounting|mount src=|failed to (?:fulfil|mount)"
        r"|apparmor|seccomp.{0,80}(?:fail|denied|not)|cgroup.{0,120}(?:no such file|not (?:found|supported)|invalid"
        r"|read-only|permission denied)"
        r"|selinux.{0,60}(?:denied|fail)",
        "the host's security set-up does not let the step start",
            "correct AppArmor, seccomp or cgroups of the build host, or run privileged",
        "a host does not change by itself",
    ),
    Rule(
        Phase.RUN_STEP, CONFIG, r"proxyconnect tcp|proxy authentication required|could not resolve proxy"
        r"|response \d+ from proxy after connect|curl: \((?:5|97)\)",
        "the step's proxy refuses or is not there", "check the build arguments HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
            "a proxy setting",
    ),
    Rule(
        Phase.RUN_STEP, CONFIG, r"cannot assign requested address",
        "{host} was asked over IPv6, which does not work here", "switch IPv6 off for the builder, or route it",
            "a route stays missing",
    ),
    _own(
        r"^fail\s+\S+\.(?:test|spec)|^\s*● |--- fail: |^failed \S*tests?/|tests run: \d+, failures?: "
        r"|^test suites?: [1-9]\d* failed"
        r"|^\d+ failing\b|test result: failed|^e {3,}\w|^\s*✕ ",
        "the step's own tests failed", "tests that ran had fetched what they need; the network in them is theirs",
    ),
    Rule(
        Phase.RUN_STEP, PERMANENT,
        r"read init-p:|runc run failed|unable to start container process|oci runtime (?:create|exec) failed"
        r"|error during container init",
        "the step's container could not be started", _STEP, "its words may look like the network's; there is none yet",
    ),
)  # fmt: skip

FETCHED: tuple[Rule, ...] = (
    Rule(
        Phase.RUN_STEP, THROTTLED, r"(?:npm (?:err!|error)|err_pnpm|yarn|curl: \(22\)|wget|pip|error 429|http error"
        r"|status code|requested url returned error).{0,120}\b429\b"
        r"|\b429 too many requests|toomanyrequests:",
        "{host} limits how often the step may ask it", "wait, then try again; log in, or give the step a mirror",
            "the limit lifts with time",
    ),
    # apt, apk, dnf
    _fetch(
        r"^(?:e: |err:\d+ .*)?.{0,40}(?:temporary failure resolving|could not resolve '"
        r"|something wicked happened resolving)"
        r"|^(?:e: )?failed to fetch .{1,300}" + _NO_ANSWER +
        r"|could not (?:connect to|handshake) .{1,120}(?:timed out|refused|unreachable|error|reset)"
        r"|cannot initiate the connection to"
        r"|(?:hash sum mismatch|file has unexpected size|mirror sync in progress|clearsigned file isn't valid)"
        r"|^\s*connection (?:failed|timed out) \[ip"
        r"|error reading from server.{0,60}(?:remote end closed|reset)|unable to connect to \S+:(?:80|443|http)"
        r"|undetermined error \[ip|bad header line",
        "apt could not fetch from {host}", "apt's words for a mirror that is away or in the middle of an update",
    ),
    _fetch(
        r"^w: .{0,20}failed to fetch .{1,300}" + _NO_ANSWER + r"|^w: some index files failed to download",
        "apt could not fetch from {host}", "a warning of apt: the missing package after it is its consequence", echo=
            True,
    ),
    _fetch(
        r"^error: .{1,200}(?:temporary error \(try again later\)|network error|dns lookup error|dns: transient error"
        r"|could not connect to server"
        r"|operation timed out|connection (?:aborted|reset|refused)|network connection aborted"
        r"|i/o error: (?:connection|network))",
        "apk could not fetch from {host}", "apk's words for a mirror that is away",
    ),
    _fetch(
        r"^warning: .{1,200}(?:temporary error|network error|dns|could not connect|timed out|transient"
        r"|connection)(?!.*(?:retrying|try (?:again )?\d))",
        "the package index could not be fetched from {host}",
            "a warning: the missing package after it is its consequence", echo=True,
    ),
    _fetch(
        r"curl error \((?:5|6|7|16|18|28|35|52|55|56|92)\)|curl#(?:6|7|18|28|35|52|56) - (?!.*mirrorlist\.centos)"
        r"|cannot download .{1,200}(?:all mirrors were tried|curl error)"
        r"|\[errno 12\] timeout|failed to (?:download|synchronize) .{1,160}" + _NO_ANSWER + r"|operation too slow",
        "dnf could not fetch from {host}", "dnf's and yum's words for a mirror that is away",
    ),
    # node
    _fetch(
        _HOME + r"(?:npm (?:err!|error)|err_pnpm|error|verbose stack|info if you|➤ yn\d+|request to http"
        r"|requesterror|fetcherror|typeerror: fetch failed).{0,300}"
        r"\b(?:econnreset|etimedout|esockettimedout|eai_again|err_socket_timeout|enetunreach|ehostunreach"
        r"|econnrefused|epipe|und_err_\w*timeout|err_socket_\w+|eintegrity_network"
        r"|network (?:timeout|aborted|socket timeout|request to|read econnreset|connectivity)|socket hang up"
        r"|response timeout|premature close|fetch failed)",
        "the node package manager could not fetch from {host}",
            "npm's, yarn's and pnpm's words for a connection that broke",
    ),
    _fetch(
        r"npm (?:err!|error) (?:code e50\d|50\d )|err_pnpm_fetch_50\d|npm (?:err!|error) network|npm (?:err!"
        r"|error) .{0,80}connectivity|emitrequesttimeout"
        r"|getaddrinfo eai_again|getaddrinfo enotfound " + KNOWN_HOST +
        r"|getaddrinfo enotfound (?:registry\.(?:npmjs\.org|yarnpkg\.com))",
        "the node package manager could not fetch from {host}", "the registry's trouble, or the network's",
    ),
    _fetch(
        r"file appears to be corrupt|tar_bad_archive|z_buf_error|zlib: unexpected end of file"
        r"|gzip: stdin: unexpected end of file",
        "a download from {host} arrived damaged", "the next download is another one",
    ),
    _fetch(
        r"trouble with your network connection", "yarn could not fetch from {host}",
        "yarn says so before each of its retries", echo=True,
    ),
    # python
    _fetch(
        _HOME + r"pip\._vendor\.\S*(?:timeout|connection|protocol|incompleteread|maxretry)\w*error|(?:error"
        r"|exception): .{0,200}(?:httpsconnectionpool|httpconnectionpool)\(host='(?P<host>[^']+)'"
        r".{0,300}(?:timed out|connection|name resolution|max retries)|incompleteread\(|connection broken: "
        r"|readtimeouterror.{0,60}pip|the read operation timed out"
        r"|could not install packages due to an? (?:oserror|environmenterror): .{0,60}(?:httpsconnectionpool"
        r"|connection|timed out)",
        "pip could not fetch from {host}", "pip's words for a connection that broke",
    ),
    _fetch(
        r"^warning: retrying \(retry\(total=0|warning: retrying \(.{0,160}(?:newconnectionerror|name resolution"
        r"|timed out|connection)",
        "pip could not fetch from {host}", "pip went on after it, or printed what it led to", echo=True,
    ),
    _fetch(
        r"(?:error: )?failed to (?:fetch|download):? `?https?://.{0,400}" + _NO_ANSWER +
        r"|caused by: .{0,60}(?:operation timed out|dns error|connection reset|error sending request"
        r"|tcp connect error)"
        r"|all attempts to connect to \S+ failed|condahttperror: http (?:000|50\d)|download error \((?:6|7|28|35"
        r"|56)\)|connection broken|remotedisconnected\('remote end closed",
        "the python package manager could not fetch from {host}", "uv's, poetry's and conda's words",
    ),
    # go, rust, java, .net, ruby, php
    _fetch(
        r"(?:go: |\S+\.go:\d+:\d+: |\S+@v\d\S*: |verifying |reading "
        r"|unrecognized import path ).{0,400}(?:no route to host|i/o timeout|tls handshake timeout"
        r"|connection reset by peer|connection refused|no such host|server misbehaving"
        r"|unexpected eof|: eof|stream error|internal_error|50[0234] |context deadline exceeded|goaway"
        r"|temporary failure|network is unreachable)",
        "go could not fetch modules from {host}", "go's words for a proxy that is away",
    ),
    _fetch(
        r"failed to get `.{1,120}` as a dependency|failed to query replaced source|spurious network error"
        r"|failed to load source for dependency",
        "cargo could not fetch from {host}", "cargo's words before the reason", echo=True,
    ),
    _fetch(
        r"^\[(?:6|7|16|18|28|35|52|55|56|92)\] .{3,80}|failed to download from .{1,300}\[(?:6|7|16|18|28|35|52|55|56"
        r"|92)\]|network failure seems to have happened|could not download file from .{1,200}",
        "cargo or rustup could not fetch from {host}", "curl's numbers for a connection that broke",
    ),
    _fetch(
        r"could not (?:transfer artifact|get|head|resolve|download|find artifact) .{1,400}" + _NO_ANSWER +
        r"|java\.net\.(?:sockettimeout|unknownhost|socket|connect)exception: (?!.*localhost)(?!connection refused)"
        r".{0,100}(?=.{0,200}(?:gradle|maven|download|https?:|services\.|repo))|received status code 50\d"
        r"|exception in thread \"main\" java\.(?:net|io)\.(?:sockettimeout|unknownhost|socket"
        r"|io)exception: (?:services\.gradle|repo|downloading|server returned http response code: 50)",
        "maven or gradle could not fetch from {host}", "their words for a repository that is away",
    ),
    _fetch(
        r"(?:unable to load the service index for source|nu130[01]\b|retrying 'findpackagesbyid).{1,300}" + _NO_ANSWER,
        "nuget could not fetch from {host}", "nuget's words for a feed that is away",
    ),
    _fetch(
        r"(?:could not fetch specs from|gem::remotefetcher|bundler::httperror|net::opentimeout|net::readtimeout"
        r"|network error while fetching|retrying (?:fetcher|download gem)).{0,300}"
        r"|curl error (?:6|7|28|35|52|56) while downloading|(?:file )?could not be downloaded.{0,120}(?:50\d"
        r"|timed out|failed to open stream|connection)|too many connection resets",
        "the package manager could not fetch from {host}", "bundler's and composer's words for a registry that is away",
    ),
    # downloaders
    _fetch(
        _HOME + r"exception in thread \"main\" java\.(?:net|io)\.(?:connectexception: connection timed out"
        r"|sockettimeout|unknownhost|noroutetohost|socketexception: connection reset)"
        r"|returned error: 5\d\d|response code: 50\d|http (?:status )?(?:code |response )?50[0234]\b",
        "the download from {host} broke off", "a wrapper or a downloader could not start",
    ),
    _fetch(
        _HOME + r"(?:https?://|host ?[=:] ?'?|\bto |\bfrom |^>? ?)[\w.-]*" + _SOURCES +
        r".{0,400}?(?:timed? ?out|timeout\b|connection (?:reset|aborted|closed|broken|refused)"
        r"|temporary failure|name resolution|unexpected eof|econn\w+|etimedout|eai_again|(?:502|503|504|520|522"
        r"|524) |bad gateway|service unavailable|network is unreachable|no route to host)",
        "the step could not fetch from {host}", "a host of packages next to the network's words",
    ),
    _fetch(
        _HOME + r"curl: \((?:6|7|16|18|28|35|52|55|56|92)\)|curl: \(22\).{0,80}\b5\d\d\b"
        r"|unable to resolve host address|wget: bad address|can't connect to remote host"
        r"|failed: (?:connection (?:timed out|refused|reset)|no route to host|temporary failure in name resolution"
        r"|network is unreachable)|read error at byte|^(?:.{0,40})error 50\d:"
        r"|wget: (?:download timed out|error getting response|server returned error: http/[\d.]+ 5\d\d)|giving up\.$"
        r"|unable to establish ssl connection|http(?:\.client|error).{0,60}\b50[0234]\b"
        r"|urllib\.error\.urlerror: .{0,80}(?:timed out|temporary failure|reset|unreachable)|download failed.{0,120}"
        + _NO_ANSWER,
        "the download from {host} broke off", "curl's and wget's words for a connection that broke",
    ),
    _fetch(
        r"gpg: keyserver (?:receive|refresh|search) failed: (?!no data)|gpg: .{0,60}keyserver .{0,60}(?:timed out"
        r"|timeout|unreachable)",
        "gpg got no answer from the key server", "key servers are often away",
    ),
    _fetch(
        _HOME + r"unable to access '?https?://.{0,300}(?:could not resolve|timed? ?out|failed to connect"
        r"|couldn't connect|connection (?:reset|refused|was reset)|recv failure"
        r"|returned error: (?:429|5\d\d)|gnutls|ssl_(?:read|connect|error_syscall)|empty reply|http2|http/2"
        r"|too slow)|rpc failed; (?:curl|http|result)|fatal: early eof|^early eof|remote end hung up"
        r"|ssh: (?:connect to host .{1,120}(?:timed out|refused|unreachable)|could not resolve hostname " + KNOWN_HOST
        + r")|kex_exchange_identification: (?:connection|read)|unexpected disconnect while reading"
        r"|fetch-pack: invalid index-pack",
        "git could not fetch from {host}", "git's words for a connection that broke",
    ),
)  # fmt: skip

# A misspelt name, unless the index itself could not be fetched: then it is the consequence of that.
MISSING: tuple[Rule, ...] = (
    _own(
        r"has no installation candidate|unable to locate package|no such package|unable to select packages"
        r"|could not find a version that satisfies|no matching distribution found"
        r"|no package .{1,80} available|unable to find a match|nothing provides|failed to resolve: "
        r"|e: couldn't find any package|required by: world|from versions: none",
        "the step wants a package that the index does not have: {package}",
        "a misspelt name, unless the index itself could not be fetched",
        echo=True,
    ),
)

OWN_FAULT: tuple[Rule, ...] = (
    *MISSING,
    _own(
        r"requires a different python|resolutionimpossible|eresolve|could not resolve dependency|conflicting"
        r"|unmet dependencies|lock ?file.{0,80}(?:out of date|not up to date|in sync|needs to be updated)"
        r"|npm ci.{0,80}can only install|does not match|mismatch|do not match the hashes|frozen[- ]lockfile"
        r"|version solving failed",
        "the versions that the step wants do not fit together", "the same versions again",
    ),
    _own(
        r"curl: \(22\).{0,80}\b4(?!29)\d\d\b|error 40[0-9]: |\b40[0134]:? (?:not found|forbidden|unauthorized)"
        r"|code e40[0-9]|404 client error|status code: 40\d|does not have a release file"
        r"|repository .{1,200}not found"
        r"|http/[\d.]+ 40\d|could not read username|permission denied \(publickey|authentication failed|eacces"
        r"|(?:could not resolve host|curl#6).{0,80}mirrorlist\.centos|mirrorlist\.centos\.org.{0,120}(?:curl#6"
        r"|could not resolve)|valid baseurl for repo|no urls in mirrorlist|gpg error: .{0,200}no_pubkey"
        r"|is not signed|410 gone|notarget",
        "what the step wants to fetch is not there, or not for it", "the server answered, and said no",
    ),
    Rule(
        Phase.RUN_STEP, CONFIG, r"curl: \(60\)|ssl certificate problem|certificate[_ ]verify[_ ]failed"
        r"|self[-_ ]signed[-_ ]cert|unable_to_(?:get|verify)_\w+|x509: |server certificate verification failed"
        r"|pkix path building",
        "the certificate of {host} is not trusted inside the step",
            "give the proxy's CA to the image before the step, or use a proxy that does not intercept",
        "a CA does not appear by itself",
    ),
    _own(
        r"^(?:.{0,20}: )?(?:assertionerror|syntaxerror|typeerror|modulenotfounderror|importerror|nameerror|keyerror"
        r"|valueerror|filenotfounderror|referenceerror)\b|^e {2,}|--- fail|^fail\b|^failed\b|failed tests?/"
        r"|tests? failed"
        r"|\b[1-9]\d* (?:tests? )?fail(?:ed|ing|ures?)\b|failures?: [1-9]|npm (?:err!|error) (?:test failed"
        r"|lifecycle|code elifecycle)|test suites?: [1-9]\d* failed|test failed|there were failing tests|● |✕"
        r"|\bpanicked at\b",
        "the step's own tests or program failed", "the same code fails again",
    ),
    _own(
        r"error ts\d+|: error[: ]|^error\[e\d+\]|undefined reference|fatal error: .{1,200}(?:no such file|killed)?"
        r"|compilation (?:error|failed|terminated)|cannot find (?:module|symbol|package)"
        r"|failed building wheel|could not compile|failed to compile|executable not found|command not found"
        r"|: not found$|not found in \$path"
        r"|no such file or directory|permission denied|unknown (?:option|command|flag)|invalid option"
        r"|no rule to make target|dpkg: error|is not recognized",
        "the step's own command failed", "the same command fails again",
    ),
    _own(
        r"^make(?:\[\d+\])?: \*\*\* |ninja: build stopped|build fail(?:ure|ed)|metadata-generation-failed"
        r"|subprocess-exited-with-error|error: command .{1,200}failed|returned error exit status",
        "the step's own command failed", "a tool that repeats that another one failed", echo=True,
    ),
)  # fmt: skip

UNEXPLAINED = _own(
    r"did not complete successfully|executor failed running|returned a non-zero code|did not terminate success?fully"
    r"|exit (?:code|status):? [1-9]\d*|\berror\b|\bfail",
    "the step {step} failed", "nothing in its output speaks of the network",
)  # fmt: skip

# A step that runs tests and fetches nothing: network words in its output are the tests' own.
TESTS = (
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|unittest|(?:npm|yarn|pnpm|go|cargo|make|mvnw?"
    r"|gradlew?|dotnet|bundle exec) (?:run |-\S+ )*(?:test|check|verify|e2e)\b)"
)
FETCHES = (
    r"\b(?:install|ci|add|update|upgrade|curl|wget|git|clone|fetch|download|restore|sync|get|apt|apk|dnf|yum"
    r"|pip|poetry|uv)\b"
)
