# Holdfast agent for Windows: JSON as RFC 8785 writes it (ConvertTo-Json of 5.1 cuts depth and escapes more), and reading it into hashtables.
# Not run on Windows yet: parsed and checked on another system only. README.md says what to try there first.

function ConvertTo-HoldfastJson {
    # Objects with their keys in the order of UTF-16 code units, no white space. Numbers are integers: nothing that a
    # device sends is anything else.
    param([AllowNull()][object]$Value)

    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) {
        if ($Value) { return 'true' }
        return 'false'
    }
    if ($Value -is [string]) { return ConvertTo-HoldfastJsonText -Text $Value }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [uint32] -or $Value -is [uint16] -or $Value -is [byte]) {
        return $Value.ToString([System.Globalization.CultureInfo]::InvariantCulture)
    }
    if ($Value -is [System.Collections.IDictionary]) {
        # psbase: a key of the map may be called Keys.
        [string[]]$names = @($Value.psbase.Keys)
        [array]::Sort($names, [System.StringComparer]::Ordinal)
        $members = New-Object System.Collections.ArrayList
        foreach ($name in $names) {
            [void]$members.Add((ConvertTo-HoldfastJsonText -Text $name) + ':' + (ConvertTo-HoldfastJson -Value $Value[$name]))
        }
        return '{' + ($members.ToArray() -join ',') + '}'
    }
    if ($Value -is [System.Collections.IList]) {
        $items = New-Object System.Collections.ArrayList
        foreach ($item in $Value) { [void]$items.Add((ConvertTo-HoldfastJson -Value $item)) }
        return '[' + ($items.ToArray() -join ',') + ']'
    }
    throw "A value of type $($Value.GetType().FullName) has no place in a message."
}

function ConvertTo-HoldfastJsonText {
    param([AllowEmptyString()][string]$Text)

    $built = New-Object System.Text.StringBuilder
    [void]$built.Append('"')
    foreach ($character in $Text.ToCharArray()) {
        $code = [int]$character
        if ($code -eq 34) { [void]$built.Append('\"') }
        elseif ($code -eq 92) { [void]$built.Append('\\') }
        elseif ($code -eq 8) { [void]$built.Append('\b') }
        elseif ($code -eq 9) { [void]$built.Append('\t') }
        elseif ($code -eq 10) { [void]$built.Append('\n') }
        elseif ($code -eq 12) { [void]$built.Append('\f') }
        elseif ($code -eq 13) { [void]$built.Append('\r') }
        elseif ($code -lt 32) { [void]$built.Append('\u').Append($code.ToString('x4')) }
        else { [void]$built.Append($character) }
    }
    [void]$built.Append('"')
    return $built.ToString()
}

function ConvertFrom-HoldfastJson {
    # Hashtables and arrays instead of ConvertFrom-Json's objects, so that a missing member is $null and no error.
    param([Parameter(Mandatory = $true)][string]$Text)

    return ConvertTo-HoldfastPlain -Value (ConvertFrom-Json -InputObject $Text)
}

function ConvertTo-HoldfastPlain {
    param([AllowNull()][object]$Value)

    if ($null -eq $Value) { return $null }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        $map = @{}
        foreach ($member in $Value.psobject.Properties) {
            $map[$member.Name] = ConvertTo-HoldfastPlain -Value $member.Value
        }
        return $map
    }
    if ($Value -is [System.Array]) {
        $items = New-Object System.Collections.ArrayList
        foreach ($item in $Value) { [void]$items.Add((ConvertTo-HoldfastPlain -Value $item)) }
        # The comma: PowerShell would hand out the items one by one.
        return , $items.ToArray()
    }
    return $Value
}

function Read-HoldfastJsonFile {
    param([Parameter(Mandatory = $true)][string]$Path)

    return ConvertFrom-HoldfastJson -Text ([System.IO.File]::ReadAllText($Path, [System.Text.Encoding]::UTF8))
}

function Test-HoldfastWholeNumber {
    param([AllowNull()][object]$Value)

    return ($Value -is [int] -or $Value -is [long])
}
