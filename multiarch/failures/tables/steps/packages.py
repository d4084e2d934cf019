"""What package managers of distributions, Node.js and Python print if they cannot fetch."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import KNOWN_HOST, THROTTLED
from multiarch.failures.tables.steps.fetching import NO_ANSWER, fetch

PACKAGES_NOT_FETCHED: tuple[FailureRule, ...] = (
    FailureRule("step-rate-limited", FailurePhase.RUN_STEP, THROTTLED, {
        (r"(?:npm (?:err!|error)|err_pnpm|yarn|curl: \(22\)|wget|pip|error 429|http error|status code"
         r"|requested url returned error).{0,120}\b429\b"):
            "npm error 429 Too Many Requests",
        r"\b429 too many requests": "HTTP request sent, awaiting response... 429 Too Many Requests",
        "toomanyrequests:": "toomanyrequests: Rate exceeded",
        r"\brate limit exceeded": "rate limit exceeded",
        "status code: 429": "Response status code: 429",
    }, cause="{host} is rate-limiting the step", advice="wait, then retry; log in, or use a mirror in the step",
        why="the limit lifts with time",
    ),
    fetch("apt-fetch-failed", {
        (r"^(?:e: |err:\d+ .*)?.{0,40}(?:temporary failure resolving|could not resolve '"
         "|something wicked happened resolving)"):
            "Temporary failure resolving 'deb.debian.org'",
        f"^(?:e: )?failed to fetch .{{1,300}}{NO_ANSWER}":
            ("E: Failed to fetch http://deb.debian.org/debian/pool/main/c/curl/curl_1.deb  Connection timed out "
             "[IP: 192.0.2.1 80]"),
        "could not (?:connect to|handshake) .{1,120}(?:timed out|refused|unreachable|error|reset)":
            "Could not connect to deb.debian.org:80 (192.0.2.1), connection timed out",
        "cannot initiate the connection to": "Cannot initiate the connection to deb.debian.org:80 (2a04:4e42::644).",
        "hash sum mismatch":
            ("E: Failed to fetch http://deb.debian.org/debian/dists/stable/main/binary-amd64/Packages.gz  Hash "
             "Sum mismatch"),
        "file has unexpected size": "File has unexpected size (12 != 34). Mirror sync in progress?",
        "mirror sync in progress": "Mirror sync in progress? [IP: 192.0.2.1 80]",
        "clearsigned file isn't valid":
            "Clearsigned file isn't valid, got 'NOSPLIT' (does the network require authentication?)",
        r"^\s*connection (?:failed|timed out) \[ip": "   Connection failed [IP: 192.0.2.1 80]",
        "error reading from server.{0,60}(?:remote end closed|reset)":
            "Error reading from server. Remote end closed connection [IP: 192.0.2.1 80]",
        r"unable to connect to \S+:(?:80|443|http)": "Unable to connect to deb.debian.org:http:",
        r"undetermined error \[ip": "Undetermined Error [IP: 192.0.2.1 80]",
        "bad header line": "Bad header line [IP: 192.0.2.1 80]",
    }, cause="apt could not fetch from {host}", why="apt's messages for a mirror that is down or being updated",
    ),
    fetch("apt-index-stale", {
        f"^w: .{{0,20}}failed to fetch .{{1,300}}{NO_ANSWER}":
            "W: Failed to fetch http://deb.debian.org/x  Temporary failure resolving 'deb.debian.org'",
        "^w: some index files failed to download": "W: Some index files failed to download.",
    }, cause="apt could not fetch from {host}", why="a warning of apt: a missing package after it is the consequence",
        echo=True,
    ),
    fetch("apk-fetch-failed", {
        (r"^error: (?!rpc failed|failed to fetch).{1,200}(?:temporary error \(try again later\)|network error"
         "|dns lookup error|dns: transient error|could not connect to server|operation timed out"
         "|connection (?:aborted|reset|refused)|network connection aborted|i/o error: (?:connection|network))"):
            "ERROR: https://dl-cdn.alpinelinux.org/x: network error (check Internet connection)",
    }, cause="apk could not fetch from {host}", why="apk's messages for a mirror that is down",
    ),
    fetch("dnf-fetch-failed", {
        r"curl error \((?:5|6|7|16|18|28|35|52|55|56|92)\)":
            "- Curl error (28): Timeout was reached for https://mirror.example.org/repodata/repomd.xml",
        r"curl#(?:6|7|18|28|35|52|56) - (?!.*mirrorlist\.centos)":
            '14: curl#7 - "Failed to connect to 192.0.2.1: Connection refused"',
        "cannot download .{1,200}curl error": "Cannot download repodata/repomd.xml: Curl error",
        r"\[errno 12\] timeout": "[Errno 12] Timeout on http://mirror.example.org/repodata/repomd.xml",
        "no more mirrors to try": "Error: No more mirrors to try.",
        f"failed to (?:download|synchronize) .{{1,160}}{NO_ANSWER}":
            ("Error: Failed to download metadata for repo 'baseos': Cannot prepare internal mirrorlist: "
             "connection timed out"),
        "operation too slow": "Operation too slow. Less than 1000 bytes/sec transferred the last 30 seconds",
    }, cause="dnf could not fetch from {host}", why="dnf's and yum's messages for a mirror that is down",
    ),
    fetch("dnf-mirrors-exhausted", {
        "cannot download.{0,80}all mirrors were":
            "x-primary.xml.gz - Cannot download, all mirrors were already tried without success",
    }, cause="dnf could not fetch from {host}", why="a mirror is being updated, unless a status says more", echo=True,
    ),
    fetch("node-fetch-failed", {
        (r"(?:npm (?:err!|error)|err_pnpm|error|verbose stack|info if you|➤ yn\d+|request to http|requesterror"
         r"|fetcherror|typeerror: fetch failed).{0,300}\b(?:econnreset|etimedout|esockettimedout|eai_again"
         r"|err_socket_timeout|enetunreach|ehostunreach|econnrefused|epipe|und_err_\w*timeout|err_socket_\w+"
         "|eintegrity_network|network (?:timeout|aborted|socket timeout|request to|read econnreset|connectivity)"
         "|socket hang up|response timeout|premature close|fetch failed)"):
            "npm error code ECONNRESET",
    }, cause="the Node.js package manager could not fetch from {host}",
        why="npm's, yarn's and pnpm's messages for a broken connection",
    ),
    fetch("corepack-fetch-failed", {
        r"error when performing the request to https?://(?!.*\b40\d\b)":
            ("Internal Error: Error when performing the request to https://registry.npmjs.org/pnpm; for "
             "troubleshooting help, see the manual"),
    }, cause="corepack could not fetch from {host}", why="corepack's message for a broken connection",
    ),
    fetch("node-registry-failed", {
        r"npm (?:err!|error) (?:code e50\d|50\d )": "npm error code E503",
        r"err_pnpm_fetch_50\d": "ERR_PNPM_FETCH_503  GET https://registry.npmjs.org/shop",
        "npm (?:err!|error) network": "npm error network This is a problem related to the network",
        "npm (?:err!|error) .{0,80}connectivity": "npm error This is a problem of your connectivity",
        "emitrequesttimeout": "    at TLSSocket.emitRequestTimeout (_http_client.js:790:9)",
        "getaddrinfo eai_again": "getaddrinfo EAI_AGAIN registry.npmjs.org",
        f"getaddrinfo enotfound {KNOWN_HOST}": "getaddrinfo ENOTFOUND github.com",
        r"getaddrinfo enotfound (?:registry\.(?:npmjs\.org|yarnpkg\.com))": "getaddrinfo ENOTFOUND registry.npmjs.org",
    }, cause="the Node.js package manager could not fetch from {host}",
        why="an error of the npm registry or of the network",
    ),
    fetch("download-damaged", {
        "file appears to be corrupt":
            ("error https://registry.yarnpkg.com/x/-/x-1.0.0.tgz: Extracting tar content of undefined failed, the "
             'file appears to be corrupt: "Unexpected end of data"'),
        "tar_bad_archive": "npm error code TAR_BAD_ARCHIVE",
        "z_buf_error": "npm error code Z_BUF_ERROR",
        "zlib: unexpected end of file": "zlib: unexpected end of file",
        "gzip: stdin: unexpected end of file": "gzip: stdin: unexpected end of file",
    }, cause="a download from {host} arrived damaged", why="the next download is a new one",
    ),
    fetch("yarn-network-trouble", {
        "trouble with your network connection":
            "info There appears to be trouble with your network connection. Retrying...",
    }, cause="yarn could not fetch from {host}", why="yarn prints it before each retry", echo=True,
    ),
    fetch("pip-fetch-failed", {
        r"pip\._vendor\.\S*(?:timeout|connection|protocol|incompleteread|maxretry)\w*error":
            ("pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='p.example.com', "
             "port=443): Read timed out."),
        (r"(?:error|exception): .{0,200}(?:httpsconnectionpool|httpconnectionpool)\(host='(?P<host>[^']+)'.{0,300}"
         "(?:timed out|connection|name resolution|max retries)"):
            "ReadTimeoutError: HTTPSConnectionPool(host='files.example.org', port=443): Read timed out.",
        r"incompleteread\(": "IncompleteRead(12 bytes read, 34 more expected)",
        "connection broken: ": "('Connection broken: InvalidChunkLength(got length b'', 0 bytes read)')",
        "readtimeouterror.{0,60}pip": "ReadTimeoutError in pip: files.pythonhosted.org",
        "the read operation timed out": "TimeoutError: The read operation timed out",
        ("could not install packages due to an? (?:oserror|environmenterror): .{0,60}(?:httpsconnectionpool"
         "|connection|timed out)"):
            ("ERROR: Could not install packages due to an OSError: "
             "HTTPSConnectionPool(host='files.pythonhosted.org', port=443)"),
    }, cause="pip could not fetch from {host}", why="pip's messages for a broken connection",
    ),
    fetch("pip-retries-exhausted", {
        r"^warning: retrying \(retry\(total=0":
            "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after it",
        r"warning: retrying \(.{0,160}(?:newconnectionerror|name resolution|timed out|connection)":
            ("WARNING: Retrying (Retry(total=4, connect=None, read=None, redirect=None, status=None)) after "
             "connection broken"),
    }, cause="pip could not fetch from {host}", why="a warning: pip continues, or prints the error after it",
        echo=True,
    ),
    fetch("python-fetch-failed", {
        f"(?:error: )?failed to (?:fetch|download):? `?https?://.{{0,400}}{NO_ANSWER}":
            "error: Failed to fetch: `https://pypi.org/simple/shop/`: connection reset",
        ("caused by: .{0,60}(?:operation timed out|dns error|connection reset|error sending request"
         "|tcp connect error)"):
            "  Caused by: operation timed out",
        r"all attempts to connect to \S+ failed": "All attempts to connect to pypi.org failed.",
        r"condahttperror: http (?:000|50\d)":
            "CondaHTTPError: HTTP 000 CONNECTION FAILED for url <https://conda.anaconda.org/main>",
        r"download error \((?:6|7|28|35|56)\)":
            "Download error (28) Timeout was reached [https://conda.anaconda.org/main]",
        "connection broken": "Connection broken",
        r"remotedisconnected\('remote end closed":
            "RemoteDisconnected('Remote end closed connection without response')",
    }, cause="the Python package manager could not fetch from {host}",
        why="uv's, poetry's and conda's messages for a broken connection",
    ),
)  # fmt: skip
