"""What tools that fetch print where the network lets them down, and what it means."""

from multiarch.failures.model import FailurePhase, FailureRule
from multiarch.failures.tables.common import KNOWN_HOST, THROTTLED, T

# A server of the step's own, which a test asks: no fetch. A resolver that answers there is the network's.
_OWN_SERVER = r"\blocalhost\b|\b127\.0\.0\.1\b(?!:53\b)|\b0\.0\.0\.0\b|\[::1\](?!:53\b)|(?<![\da-f:])::1:\d"
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


def _fetch(name: str, pattern: str, cause: str, why: str, *, echo: bool = False) -> FailureRule:
    return FailureRule(name, FailurePhase.RUN_STEP, T, pattern, cause, _ONCE, why, unless=_OWN_SERVER, echo=echo)


FETCHED: tuple[FailureRule, ...] = (
    FailureRule(
        "step-rate-limited",
        FailurePhase.RUN_STEP, THROTTLED,
        r"(?:npm (?:err!|error)|err_pnpm|yarn|curl: \(22\)|wget|pip|error 429|http error"
        r"|status code|requested url returned error).{0,120}\b429\b"
        r"|\b429 too many requests|toomanyrequests:|\brate limit exceeded|status code: 429",
        "{host} limits how often the step may ask it", "wait, then try again; log in, or give the step a mirror",
            "the limit lifts with time",
    ),
    # apt, apk, dnf
    _fetch(
        "apt-fetch-failed",
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
        "apt-index-stale",
        r"^w: .{0,20}failed to fetch .{1,300}" + _NO_ANSWER + r"|^w: some index files failed to download",
        "apt could not fetch from {host}", "a warning of apt: the missing package after it is its consequence", echo=
            True,
    ),
    _fetch(
        "apk-fetch-failed",
        r"^error: (?!rpc failed).{1,200}(?:temporary error \(try again later\)|network error|dns lookup error"
        r"|dns: transient error"
        r"|could not connect to server"
        r"|operation timed out|connection (?:aborted|reset|refused)|network connection aborted"
        r"|i/o error: (?:connection|network))",
        "apk could not fetch from {host}", "apk's words for a mirror that is away",
    ),
    _fetch(
        "package-index-unavailable",
        r"^warning: .{1,200}(?:temporary error|network error|dns|could not connect|timed out|transient"
        r"|connection)(?!.*(?:retrying|try (?:again )?\d))",
        "the package index could not be fetched from {host}",
            "a warning: the missing package after it is its consequence", echo=True,
    ),
    _fetch(
        "dnf-fetch-failed",
        r"curl error \((?:5|6|7|16|18|28|35|52|55|56|92)\)|curl#(?:6|7|18|28|35|52|56) - (?!.*mirrorlist\.centos)"
        r"|cannot download .{1,200}curl error"
        r"|\[errno 12\] timeout|no more mirrors to try|failed to (?:download|synchronize) .{1,160}" + _NO_ANSWER +
        r"|operation too slow",
        "dnf could not fetch from {host}", "dnf's and yum's words for a mirror that is away",
    ),
    _fetch(
        "dnf-mirrors-exhausted",
        r"cannot download.{0,80}all mirrors were", "dnf could not fetch from {host}",
        "a mirror in the middle of an update, unless a status says more", echo=True,
    ),
    # node
    _fetch(
        "node-fetch-failed",
        r"(?:npm (?:err!|error)|err_pnpm|error|verbose stack|info if you|➤ yn\d+|request to http"
        r"|requesterror|fetcherror|typeerror: fetch failed).{0,300}"
        r"\b(?:econnreset|etimedout|esockettimedout|eai_again|err_socket_timeout|enetunreach|ehostunreach"
        r"|econnrefused|epipe|und_err_\w*timeout|err_socket_\w+|eintegrity_network"
        r"|network (?:timeout|aborted|socket timeout|request to|read econnreset|connectivity)|socket hang up"
        r"|response timeout|premature close|fetch failed)",
        "the node package manager could not fetch from {host}",
            "npm's, yarn's and pnpm's words for a connection that broke",
    ),
    _fetch(
        "corepack-fetch-failed",
        r"error when performing the request to https?://(?!.*\b40\d\b)", "corepack could not fetch from {host}",
        "corepack's words for a connection that broke",
    ),
    _fetch(
        "node-registry-failed",
        r"npm (?:err!|error) (?:code e50\d|50\d )|err_pnpm_fetch_50\d|npm (?:err!|error) network|npm (?:err!"
        r"|error) .{0,80}connectivity|emitrequesttimeout"
        r"|getaddrinfo eai_again|getaddrinfo enotfound " + KNOWN_HOST +
        r"|getaddrinfo enotfound (?:registry\.(?:npmjs\.org|yarnpkg\.com))",
        "the node package manager could not fetch from {host}", "the registry's trouble, or the network's",
    ),
    _fetch(
        "download-damaged",
        r"file appears to be corrupt|tar_bad_archive|z_buf_error|zlib: unexpected end of file"
        r"|gzip: stdin: unexpected end of file",
        "a download from {host} arrived damaged", "the next download is another one",
    ),
    _fetch(
        "yarn-network-trouble",
        r"trouble with your network connection", "yarn could not fetch from {host}",
        "yarn says so before each of its retries", echo=True,
    ),
    # python
    _fetch(
        "pip-fetch-failed",
        r"pip\._vendor\.\S*(?:timeout|connection|protocol|incompleteread|maxretry)\w*error|(?:error"
        r"|exception): .{0,200}(?:httpsconnectionpool|httpconnectionpool)\(host='(?P<host>[^']+)'"
        r".{0,300}(?:timed out|connection|name resolution|max retries)|incompleteread\(|connection broken: "
        r"|readtimeouterror.{0,60}pip|the read operation timed out"
        r"|could not install packages due to an? (?:oserror|environmenterror): .{0,60}(?:httpsconnectionpool"
        r"|connection|timed out)",
        "pip could not fetch from {host}", "pip's words for a connection that broke",
    ),
    _fetch(
        "pip-retries-exhausted",
        r"^warning: retrying \(retry\(total=0|warning: retrying \(.{0,160}(?:newconnectionerror|name resolution"
        r"|timed out|connection)",
        "pip could not fetch from {host}", "pip went on after it, or printed what it led to", echo=True,
    ),
    _fetch(
        "python-fetch-failed",
        r"(?:error: )?failed to (?:fetch|download):? `?https?://.{0,400}" + _NO_ANSWER +
        r"|caused by: .{0,60}(?:operation timed out|dns error|connection reset|error sending request"
        r"|tcp connect error)"
        r"|all attempts to connect to \S+ failed|condahttperror: http (?:000|50\d)|download error \((?:6|7|28|35"
        r"|56)\)|connection broken|remotedisconnected\('remote end closed",
        "the python package manager could not fetch from {host}", "uv's, poetry's and conda's words",
    ),
    # go, rust, java, .net, ruby, php
    _fetch(
        "go-fetch-failed",
        r"(?:go: |\S+\.go:\d+:\d+: |\S+@v\d\S*: |verifying |reading "
        r"|unrecognized import path ).{0,400}(?:no route to host|i/o timeout|tls handshake timeout"
        r"|connection reset by peer|connection refused|no such host|server misbehaving"
        r"|unexpected eof|: eof|stream error|internal_error|50[0234] |context deadline exceeded|goaway"
        r"|temporary failure|network is unreachable)",
        "go could not fetch modules from {host}", "go's words for a proxy that is away",
    ),
    _fetch(
        "cargo-dependency-unavailable",
        r"failed to get `.{1,120}` as a dependency|failed to query replaced source|spurious network error"
        r"|failed to load source for dependency",
        "cargo could not fetch from {host}", "cargo's words before the reason", echo=True,
    ),
    _fetch(
        "cargo-fetch-failed",
        r"^\[(?:6|7|16|18|28|35|52|55|56|92)\] .{3,80}|class=(?:net|zlib|os) \(\d+\)"
        r"|failed to download from .{1,300}\[(?:6|7|16|18|28|35|52|55|56"
        r"|92)\]|network failure seems to have happened|could not download file from .{1,200}",
        "cargo or rustup could not fetch from {host}", "curl's numbers for a connection that broke",
    ),
    _fetch(
        "maven-fetch-failed",
        r"could not (?:transfer artifact|get|head|resolve|download|find artifact) .{1,400}" + _NO_ANSWER +
        r"|java\.net\.(?:sockettimeout|unknownhost|socket|connect)exception: (?!.*localhost)(?!connection refused)"
        r".{0,100}(?=.{0,200}(?:gradle|maven|download|https?:|services\.|repo))|received status code 50\d"
        r"|exception in thread \"main\" java\.(?:net|io)\.(?:sockettimeout|unknownhost|socket"
        r"|io)exception: (?:services\.gradle|repo|downloading|server returned http response code: 50)",
        "maven or gradle could not fetch from {host}", "their words for a repository that is away",
    ),
    _fetch(
        "nuget-fetch-failed",
        r"(?:unable to load the service index for source|nu130[01]\b|retrying 'findpackagesbyid).{1,300}" + _NO_ANSWER +
        r"|unable to load the service index for source https://api\.nuget\.org(?!.*\b40[0-9]\b)"
        r"|failed to retrieve information about .{1,100} from remote source 'https://api\.nuget\.org"
        r"|no such host is known",
        "nuget could not fetch from {host}", "nuget's words for a feed that is away",
    ),
    _fetch(
        "package-fetch-failed",
        r"(?:could not fetch specs from|gem::remotefetcher|bundler::httperror|net::opentimeout|net::readtimeout"
        r"|network error while fetching|retrying (?:fetcher|download gem)).{0,300}"
        r"|curl error (?:6|7|28|35|52|56) while downloading|(?:file )?could not be downloaded.{0,120}(?:50\d"
        r"|timed out|failed to open stream|connection)|too many connection resets",
        "the package manager could not fetch from {host}", "bundler's and composer's words for a registry that is away",
    ),
    # downloaders
    _fetch(
        "wrapper-download-failed",
        r"exception in thread \"main\" (?:java\.(?:net|io)\."
        r"|javax\.net\.ssl\.)(?:connectexception: connection timed out"
        r"|sockettimeout|unknownhost|noroutetohost|socketexception: connection reset"
        r"|sslhandshakeexception: remote host (?:terminated|closed))"
        r"|returned error: 5\d\d|response code: 50\d|http (?:status )?(?:code |response )?50[0234]\b",
        "the download from {host} broke off", "a wrapper or a downloader could not start",
    ),
    _fetch(
        "package-host-unreachable",
        r"(?:https?://|host ?[=:] ?'?|\bto |\bfrom |^>? ?)[\w.-]*" + _SOURCES +
        r".{0,400}?(?:timed? ?out|timeout\b|connection (?:reset|aborted|closed|broken|refused)"
        r"|temporary failure|name resolution|unexpected eof|econn\w+|etimedout|eai_again|(?:502|503|504|520|522"
        r"|524) |bad gateway|service unavailable|network is unreachable|no route to host)",
        "the step could not fetch from {host}", "a host of packages next to the network's words",
    ),
    _fetch(
        "download-failed",
        r"getaddrinfo failed|curl: \((?:6|7|16|18|28|35|52|55|56|92)\)|curl: \(22\).{0,80}\b5\d\d\b"
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
        "keyserver-unreachable",
        r"gpg: keyserver (?:receive|refresh|search) failed: (?!no data)|gpg: .{0,60}keyserver .{0,60}(?:timed out"
        r"|timeout|unreachable)",
        "gpg got no answer from the key server", "key servers are often away",
    ),
    _fetch(
        "step-git-fetch-failed",
        r"unable to access '?https?://.{0,300}(?:could not resolve|timed? ?out|failed to connect"
        r"|couldn't connect|connection (?:reset|refused|was reset)|recv failure"
        r"|returned error: (?:429|5\d\d)|gnutls|ssl_(?:read|connect|error_syscall)|empty reply|http2|http/2"
        r"|too slow)|rpc failed; (?:curl|http|result)|fatal: early eof|^early eof|remote end hung up"
        r"|ssh: (?:connect to host .{1,120}(?:timed out|refused|unreachable)|could not resolve hostname " + KNOWN_HOST
        + r")|kex_exchange_identification: (?:connection|read)|unexpected disconnect while reading"
        r"|fetch-pack: invalid index-pack",
        "git could not fetch from {host}", "git's words for a connection that broke",
    ),
)  # fmt: skip
