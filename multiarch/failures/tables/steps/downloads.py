"""What other package managers, curl, wget and git print if they cannot fetch."""

from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import KNOWN_HOST
from multiarch.failures.tables.steps.fetching import NO_ANSWER, SOURCES, fetch

DOWNLOADS_FAILED: tuple[FailureRule, ...] = (
    fetch("go-fetch-failed", {
        (r"(?:go: |\S+\.go:\d+:\d+: |\S+@v\d\S*: |verifying |reading |unrecognized import path ).{0,400}"
         "(?:no route to host|i/o timeout|tls handshake timeout|connection reset by peer|connection refused"
         "|no such host|server misbehaving|unexpected eof|: eof|stream error|internal_error|50[0234] "
         "|context deadline exceeded|goaway|temporary failure|network is unreachable)"):
            'go: example.org/x@v1.0.0: Get "https://sum.golang.org/lookup/example.org/x@v1.0.0": EOF',
    }, cause="go could not fetch modules from {host}", why="go's messages for a module proxy that is down",
    ),
    fetch("cargo-dependency-unavailable", {
        "failed to get `.{1,120}` as a dependency":
            "error: failed to get `serde` as a dependency of package `shop v0.1.0`",
        "failed to query replaced source": "  failed to query replaced source registry `crates-io`",
        "spurious network error": "warning: spurious network error (3 tries remaining)",
        "failed to load source for dependency": "failed to load source for dependency `serde`",
    }, cause="cargo could not fetch from {host}", why="cargo prints it before the reason", echo=True,
    ),
    fetch("cargo-fetch-failed", {
        r"^\[(?:6|7|16|18|28|35|52|55|56|92)\] .{3,80}": "[28] Timeout was reached",
        r"class=(?:net|zlib|os) \(\d+\)": "error reading from the stream; class=Net (12)",
        r"failed to download from .{1,300}\[(?:6|7|16|18|28|35|52|55|56|92)\]":
            ("error: failed to download from `https://index.crates.io/config.json`: [52] Server returned nothing "
             "(no headers, no data)"),
        "network failure seems to have happened": "note: network failure seems to have happened",
        "could not download file from .{1,200}":
            ("error: could not download file from "
             "'https://static.rust-lang.org/dist/channel-rust-stable.toml.sha256'"),
    }, cause="cargo or rustup could not fetch from {host}", why="curl's error numbers for a broken connection",
    ),
    fetch("maven-fetch-failed", {
        f"could not (?:transfer artifact|get|head|resolve|download|find artifact) .{{1,400}}{NO_ANSWER}":
            ("[ERROR] Could not transfer artifact org.x:y:pom:1 from/to central "
             "(https://repo.maven.apache.org/maven2): Connection reset -> [Help 1]"),
        (r"java\.net\.(?:sockettimeout|unknownhost|socket|connect)exception: (?!.*localhost)(?!connection refused)."
         r"{0,100}(?=.{0,200}(?:gradle|maven|download|https?:|services\.|repo))"):
            "java.net.UnknownHostException: services.gradle.org https://services.gradle.org",
        r"received status code 50\d": "Received status code 502 from server: Bad Gateway",
        (r"exception in thread \"main\" java\.(?:net|io)\.(?:sockettimeout|unknownhost|socket"
         r"|io)exception: (?:services\.gradle|repo|downloading|server returned http response code: 50)"):
            'Exception in thread "main" java.io.IOException: Downloading from it broke',
    }, cause="Maven or Gradle could not fetch from {host}", why="their messages for a repository that is down",
    ),
    fetch("nuget-fetch-failed", {
        (r"(?:unable to load the service index for source|nu130[01]\b|retrying 'findpackagesbyid).{1,300}"
         f"{NO_ANSWER}"):
            ("error NU1301: Unable to load the service index for source https://nuget.example.com/v3/index.json. "
             "Connection timed out"),
        r"unable to load the service index for source https://api\.nuget\.org(?!.*\b40[0-9]\b)":
            "error NU1301: Unable to load the service index for source https://api.nuget.org/v3/index.json.",
        r"failed to retrieve information about .{1,100} from remote source 'https://api\.nuget\.org":
            ("error : Failed to retrieve information about 'Shop' from remote source "
             "'https://api.nuget.org/v3-flatcontainer/shop/index.json'."),
        "no such host is known": "  No such host is known.",
    }, cause="NuGet could not fetch from {host}", why="NuGet's messages for a feed that is down",
    ),
    fetch("package-fetch-failed", {
        ("(?:could not fetch specs from|gem::remotefetcher|bundler::httperror|net::opentimeout|net::readtimeout"
         "|network error while fetching|retrying (?:fetcher|download gem)).{0,300}"):
            "ERROR:  While executing gem ... (Gem::RemoteFetcher::FetchError)",
        "curl error (?:6|7|28|35|52|56) while downloading":
            "curl error 28 while downloading https://repo.packagist.org/packages.json",
        r"(?:file )?could not be downloaded.{0,120}(?:50\d|timed out|failed to open stream|connection)":
            'The "https://repo.packagist.org/packages.json" file could not be downloaded: failed to open stream',
        "too many connection resets": "Too many connection resets (due to Net::ReadTimeout)",
    }, cause="the package manager could not fetch from {host}",
        why="Bundler's and Composer's messages for a registry that is down",
    ),
    fetch("wrapper-download-failed", {
        (r"exception in thread \"main\" (?:java\.(?:net|io)\.|javax\.net\.ssl\."
         ")(?:connectexception: connection timed out|sockettimeout|unknownhost|noroutetohost"
         "|socketexception: connection reset|sslhandshakeexception: remote host (?:terminated|closed))"):
            'Exception in thread "main" javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake',
        r"returned error: 5\d\d": "curl: (22) The requested URL returned error: 503",
        r"response code: 50\d":
            "java.io.IOException: Server returned HTTP response code: 503 for URL: https://example.com/x",
        r"http (?:status )?(?:code |response )?50[0234]\b": "wget: server said HTTP response 503",
    }, cause="the download from {host} failed", why="a wrapper or a downloader could not start",
    ),
    fetch("package-index-unavailable", {
        ("^warning: .{1,200}(?:temporary error|network error|dns|could not connect|timed out|transient"
         r"|connection)(?!.*(?:retrying|try (?:again )?\d))"):
            ("WARNING: fetching https://dl-cdn.alpinelinux.org/alpine/v3.22/main: temporary error (try again "
             "later)"),
    }, cause="the package index could not be fetched from {host}",
        why="a warning: a missing package after it is the consequence", echo=True,
    ),
    fetch("package-host-unreachable", {
        (rf"(?:https?://|host ?[=:] ?'?|\bto |\bfrom |^>? ?)[\w.-]*{SOURCES}.{{0,400}}?(?:timed? ?out|timeout\b"
         "|connection (?:reset|aborted|closed|broken|refused)|temporary failure|name resolution|unexpected eof"
         r"|econn\w+|etimedout|eai_again|(?:502|503|504|520|522|524) |bad gateway|service unavailable"
         "|network is unreachable|no route to host)"):
            "Get https://archive.apache.org/dist/maven.tar.gz: timed out",
    }, cause="the step could not fetch from {host}", why="a package host and a network error in one line",
    ),
    fetch("download-failed", {
        "getaddrinfo failed":
            ("Warning: copy(): php_network_getaddresses: getaddrinfo failed: Try again in Command line code on "
             "line 1"),
        r"curl: \((?:6|7|16|18|28|35|52|55|56|92)\)": "curl: (56) Recv failure",
        "unable to resolve host address": "wget: unable to resolve host address 'example.com'",
        "wget: bad address": "wget: bad address 'example.com'",
        "can't connect to remote host": "wget: can't connect to remote host (192.0.2.1): Connection refused",
        ("failed: (?:connection (?:timed out|refused|reset)|no route to host|temporary failure in name resolution"
         "|network is unreachable)"):
            "Connecting to example.com (example.com)|192.0.2.1|:443... failed: Connection timed out.",
        "read error at byte": "Read error at byte 12/34 (Connection reset by peer). Retrying.",
        r"^(?:.{0,40})error 50\d:": "2026-01-01 00:00:00 ERROR 503: Service Unavailable.",
        r"wget: (?:download timed out|error getting response|server returned error: http/[\d.]+ 5\d\d)":
            "wget: download timed out",
        "unable to establish ssl connection": "Unable to establish SSL connection.",
        r"http(?:\.client|error).{0,60}\b50[0234]\b": "http.client error 503",
        r"urllib\.error\.urlerror: .{0,80}(?:timed out|temporary failure|reset|unreachable)":
            "urllib.error.URLError: <urlopen error timed out>",
        f"download failed.{{0,120}}{NO_ANSWER}": "error: download failed after 3 attempts: premature end",
    }, cause="the download from {host} failed", why="curl's and wget's messages for a broken connection",
    ),
    fetch("keyserver-unreachable", {
        "gpg: keyserver (?:receive|refresh|search) failed: (?!no data)":
            "gpg: keyserver receive failed: Server indicated a failure",
        "gpg: .{0,60}keyserver .{0,60}(?:timed out|timeout|unreachable)": "gpg: error: keyserver search timed out",
    }, cause="the key server did not respond to gpg", why="key servers are often down",
    ),
    fetch("step-git-fetch-failed", {
        ("unable to access '?https?://.{0,300}(?:could not resolve|timed? ?out|failed to connect|couldn't connect"
         r"|connection (?:reset|refused|was reset)|recv failure|returned error: (?:429|5\d\d)|gnutls|ssl_(?:read"
         "|connect|error_syscall)|empty reply|http2|http/2|too slow)"):
            "fatal: unable to access 'https://github.com/x/y.git/': Could not resolve host: github.com",
        "rpc failed; (?:curl|http|result)": "error: RPC failed; curl 56 Recv failure: Operation timed out",
        "fatal: early eof": "fatal: early EOF",
        "^early eof": "early EOF",
        "remote end hung up": "fatal: the remote end hung up unexpectedly",
        ("ssh: (?:connect to host .{1,120}(?:timed out|refused|unreachable)|could not resolve hostname "
         f"{KNOWN_HOST})"):
            "ssh: connect to host github.com port 22: Connection timed out",
        "kex_exchange_identification: (?:connection|read)":
            "kex_exchange_identification: Connection closed by remote host",
        "unexpected disconnect while reading": "fetch-pack: unexpected disconnect while reading sideband packet",
        "fetch-pack: invalid index-pack": "fatal: fetch-pack: invalid index-pack output",
    }, cause="git could not fetch from {host}", why="git's messages for a broken connection",
    ),
)  # fmt: skip
