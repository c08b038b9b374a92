# Holdfast agent for Windows: one message to one node. TLS as Windows checks it, no redirect followed, no plain HTTP.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

# A node's answers to devices are far smaller; a portal's page is not read to its end.
$script:HoldfastAnswerBytesMax = 1048576

function Send-HoldfastRequest {
    # @{ status; nonce; body } with the body parsed, or $null when no answer came.
    param(
        [Parameter(Mandatory = $true)][string]$Method,
        [Parameter(Mandatory = $true)][string]$Url,
        [Parameter(Mandatory = $true)][hashtable]$Headers,
        [Parameter(Mandatory = $true)][string]$Body,
        [Parameter(Mandatory = $true)][hashtable]$Settings
    )

    $address = New-Object System.Uri($Url)
    if ($address.Scheme -cne 'https') { throw 'A recovery password never goes over plain HTTP.' }
    # 5.1 would offer what the oldest .NET offered. Nobody in this process may have loosened the check of certificates.
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]::Tls12
    [System.Net.ServicePointManager]::ServerCertificateValidationCallback = $null
    [System.Net.ServicePointManager]::CheckCertificateRevocationList = [bool]$Settings['CheckRevocation']
    $waitMs = 1000 * [int]$Settings['AnswerWaitSeconds']
    $request = [System.Net.HttpWebRequest][System.Net.WebRequest]::Create($address)
    $request.Method = $Method
    $request.ContentType = 'application/json'
    $request.Accept = 'application/json'
    $request.UserAgent = 'Holdfast-Agent-Windows/0.1.0'
    $request.AllowAutoRedirect = $false
    $request.Timeout = $waitMs
    $request.ReadWriteTimeout = $waitMs
    $request.ServicePoint.Expect100Continue = $false
    if (-not $Settings['UseSystemProxy']) { $request.Proxy = $null }
    foreach ($name in @($Headers.psbase.Keys)) { $request.Headers[$name] = $Headers[$name] }
    $response = $null
    try {
        [byte[]]$bytes = ConvertTo-HoldfastUtf8 -Text $Body
        $request.ContentLength = $bytes.Length
        $stream = $request.GetRequestStream()
        try { $stream.Write($bytes, 0, $bytes.Length) }
        finally { $stream.Dispose() }
        $response = $request.GetResponse()
    }
    catch {
        # .NET throws for 4xx and 5xx, which are answers like others.
        $response = Get-HoldfastErrorResponse -ErrorRecord $_
        if ($null -eq $response) { return $null }
    }
    try {
        $text = Read-HoldfastAnswer -Response $response
        $parsed = $null
        if ($null -ne $text -and $text -ne '') {
            try { $parsed = ConvertFrom-HoldfastJson -Text $text }
            catch { $parsed = $null }
        }
        # All that nodes say are objects.
        if ($parsed -isnot [System.Collections.IDictionary]) { $parsed = $null }
        return @{ status = [int]$response.StatusCode; nonce = $response.Headers['DPoP-Nonce']; body = $parsed }
    }
    catch { return $null }
    finally { $response.Dispose() }
}

function Get-HoldfastErrorResponse {
    param([Parameter(Mandatory = $true)][System.Management.Automation.ErrorRecord]$ErrorRecord)

    $cause = $ErrorRecord.Exception
    while ($null -ne $cause -and $cause -isnot [System.Net.WebException]) { $cause = $cause.InnerException }
    if ($null -eq $cause) { return $null }
    return $cause.Response
}

function Read-HoldfastAnswer {
    # $null for an answer longer than any node gives.
    param([Parameter(Mandatory = $true)][System.Net.WebResponse]$Response)

    $stream = $Response.GetResponseStream()
    $kept = New-Object System.IO.MemoryStream
    try {
        $chunk = New-Object byte[] 16384
        while (($count = $stream.Read($chunk, 0, $chunk.Length)) -gt 0) {
            $kept.Write($chunk, 0, $count)
            if ($kept.Length -gt $script:HoldfastAnswerBytesMax) { return $null }
        }
        return ConvertFrom-HoldfastUtf8 -Bytes $kept.ToArray()
    }
    finally {
        $stream.Dispose()
        $kept.Dispose()
    }
}
