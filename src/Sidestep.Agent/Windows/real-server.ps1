#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Makes this Windows host a real server of layer-2 direct server return. Rendered by 'sidestep-agent render windows'.

.DESCRIPTION
Every VIP is an address of a loopback adapter, which sends no ARP replies and no neighbour advertisements to the
network. Both that adapter and the network adapter get weak host receive and send: the network adapter receives a packet
for the VIP, and the reply leaves by it with the VIP as source. Without -Mode, the script applies and then verifies. It
changes only what is not yet as required.

.PARAMETER Mode
Apply (the default), Verify (changes nothing; exit code 1 if a condition fails), or Rollback (restores the previous
state).

.PARAMETER Adapter
The network adapter, by the name that Get-NetAdapter prints. Without it, the adapter of the default route.
#>
[CmdletBinding()]
param(
    [ValidateSet('Apply', 'Verify', 'Rollback')]
    [string] $Mode = 'Apply',
    [string] $Adapter = {{adapter}}
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$LoopbackName = 'Sidestep-VIP'
$LoopbackMetric = 254
$StateFile = Join-Path $env:ProgramData 'Sidestep\real-server.json'
$Vips = @(
{{vips}}
)
$Rules = @(
{{rules}}
)

function Get-Family([string] $Address) {
    if ($Address.Contains(':')) { 'IPv6' } else { 'IPv4' }
}

function Get-PrefixLength([string] $Address) {
    if ((Get-Family $Address) -eq 'IPv6') { 128 } else { 32 }
}

function Get-Families {
    @($Vips | ForEach-Object { Get-Family $_ } | Select-Object -Unique)
}

function Get-LanAdapter {
    if ($Adapter) {
        return Get-NetAdapter -Name $Adapter
    }
    $route = Get-NetRoute -DestinationPrefix '0.0.0.0/0', '::/0' -ErrorAction SilentlyContinue |
        Sort-Object -Property RouteMetric | Select-Object -First 1
    if (-not $route) {
        throw 'There is no default route: name the network adapter with -Adapter.'
    }
    Get-NetAdapter -InterfaceIndex $route.InterfaceIndex
}

function Get-LoopbackAdapter {
    Get-NetAdapter -Name $LoopbackName -ErrorAction SilentlyContinue
}

# The KM-TEST loopback adapter is part of Windows. pnputil cannot create a device without hardware; the setup API can.
function Install-LoopbackAdapter {
    $signature = @'
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

public static class SidestepLoopback
{
    [StructLayout(LayoutKind.Sequential)]
    public struct DeviceInfo { public int Size; public Guid Class; public uint Instance; public IntPtr Reserved; }

    [DllImport("setupapi.dll", SetLastError = true)]
    static extern IntPtr SetupDiCreateDeviceInfoList(ref Guid classGuid, IntPtr parent);

    [DllImport("setupapi.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool SetupDiCreateDeviceInfo(IntPtr set, string name, ref Guid classGuid, string description,
        IntPtr parent, int flags, ref DeviceInfo device);

    [DllImport("setupapi.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool SetupDiSetDeviceRegistryProperty(IntPtr set, ref DeviceInfo device, int property, byte[] value,
        int bytes);

    [DllImport("setupapi.dll", SetLastError = true)]
    static extern bool SetupDiCallClassInstaller(int function, IntPtr set, ref DeviceInfo device);

    [DllImport("setupapi.dll", SetLastError = true)]
    static extern bool SetupDiDestroyDeviceInfoList(IntPtr set);

    [DllImport("newdev.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool UpdateDriverForPlugAndPlayDevices(IntPtr parent, string hardwareId, string inf, int flags,
        out bool reboot);

    public static bool Install(string inf)
    {
        const int GenerateId = 1, HardwareId = 1, RegisterDevice = 25;
        Guid net = new Guid("4d36e972-e325-11ce-bfc1-08002be10318");
        IntPtr set = SetupDiCreateDeviceInfoList(ref net, IntPtr.Zero);
        if (set == new IntPtr(-1)) { throw new Win32Exception(); }
        try
        {
            DeviceInfo device = new DeviceInfo();
            device.Size = Marshal.SizeOf(typeof(DeviceInfo));
            if (!SetupDiCreateDeviceInfo(set, "NET", ref net, null, IntPtr.Zero, GenerateId, ref device))
            {
                throw new Win32Exception();
            }
            byte[] id = Encoding.Unicode.GetBytes("*msloop\0\0");
            if (!SetupDiSetDeviceRegistryProperty(set, ref device, HardwareId, id, id.Length))
            {
                throw new Win32Exception();
            }
            if (!SetupDiCallClassInstaller(RegisterDevice, set, ref device)) { throw new Win32Exception(); }
            bool reboot;
            if (!UpdateDriverForPlugAndPlayDevices(IntPtr.Zero, "*msloop", inf, 1, out reboot))
            {
                throw new Win32Exception();
            }
            return reboot;
        }
        finally { SetupDiDestroyDeviceInfoList(set); }
    }
}
'@
    Add-Type -TypeDefinition $signature
    $before = @(Get-NetAdapter -IncludeHidden | ForEach-Object { $_.InterfaceGuid })
    $reboot = [SidestepLoopback]::Install((Join-Path $env:SystemRoot 'INF\netloop.inf'))
    if ($reboot) {
        Write-Warning 'Windows must be restarted before the loopback adapter works.'
    }
    $new = Get-NetAdapter |
        Where-Object { $before -notcontains $_.InterfaceGuid -and $_.InterfaceDescription -like '*Loopback*' } |
        Select-Object -First 1
    if (-not $new) {
        throw 'The loopback adapter was installed but does not appear: check the device manager, then run this again.'
    }
    Rename-NetAdapter -Name $new.Name -NewName $LoopbackName
    Get-LoopbackAdapter
}

function Read-State {
    if (Test-Path -Path $StateFile) {
        Get-Content -Path $StateFile -Raw | ConvertFrom-Json
    }
}

# Runs before the first change: saves the state that Rollback restores.
function Save-State($Lan, [bool] $CreatedAdapter) {
    if (Test-Path -Path $StateFile) {
        return
    }
    $interfaces = foreach ($family in Get-Families) {
        $found = Get-NetIPInterface -InterfaceIndex $Lan.InterfaceIndex -AddressFamily $family
        @{
            Family = $family
            WeakHostReceive = [string] $found.WeakHostReceive
            WeakHostSend = [string] $found.WeakHostSend
        }
    }
    New-Item -ItemType Directory -Force -Path (Split-Path -Path $StateFile) | Out-Null
    @{ Lan = $Lan.Name; CreatedAdapter = $CreatedAdapter; Interfaces = @($interfaces) } | ConvertTo-Json -Depth 4 |
        Set-Content -Path $StateFile -Encoding UTF8
}

function Set-WeakHost($Index, [string] $Family) {
    $found = Get-NetIPInterface -InterfaceIndex $Index -AddressFamily $Family
    if ($found.WeakHostReceive -ne 'Enabled' -or $found.WeakHostSend -ne 'Enabled') {
        Set-NetIPInterface -InterfaceIndex $Index -AddressFamily $Family -WeakHostReceive Enabled -WeakHostSend Enabled
        Write-Output "weak host receive and send enabled: interface $Index, $Family"
    }
}

function Invoke-Apply {
    $lan = Get-LanAdapter
    $loopback = Get-LoopbackAdapter
    $create = -not $loopback
    Save-State -Lan $lan -CreatedAdapter $create
    if ($create) {
        $loopback = Install-LoopbackAdapter
        Write-Output "adapter $LoopbackName installed"
    }
    # No route may prefer the loopback adapter, and it must send nothing to the network.
    foreach ($family in Get-Families) {
        Set-NetIPInterface -InterfaceIndex $loopback.InterfaceIndex -AddressFamily $family -AutomaticMetric Disabled `
            -InterfaceMetric $LoopbackMetric -Dhcp Disabled -DadTransmits 0
        Set-WeakHost -Index $loopback.InterfaceIndex -Family $family
        Set-WeakHost -Index $lan.InterfaceIndex -Family $family
    }
    Set-DnsClient -InterfaceIndex $loopback.InterfaceIndex -RegisterThisConnectionsAddress $false
    foreach ($vip in $Vips) {
        $length = Get-PrefixLength $vip
        $there = Get-NetIPAddress -IPAddress $vip -ErrorAction SilentlyContinue
        if ($there -and ($there.InterfaceIndex -ne $loopback.InterfaceIndex)) {
            throw "$vip is an address of $($there.InterfaceAlias), where this host replies for it: remove it there."
        }
        if ($there -and (($there.PrefixLength -ne $length) -or -not $there.SkipAsSource)) {
            Remove-NetIPAddress -IPAddress $vip -InterfaceIndex $loopback.InterfaceIndex -Confirm:$false
            $there = $null
        }
        if (-not $there) {
            New-NetIPAddress -IPAddress $vip -PrefixLength $length -InterfaceIndex $loopback.InterfaceIndex `
                -SkipAsSource $true | Out-Null
            Write-Output "$vip/$length added to $LoopbackName"
        }
    }
    foreach ($rule in $Rules) {
        $settings = @{
            Protocol = $rule.Protocol
            LocalPort = $rule.Ports
            LocalAddress = $rule.Addresses
        }
        if (Get-NetFirewallRule -Name $rule.Name -ErrorAction SilentlyContinue) {
            Set-NetFirewallRule -Name $rule.Name -Action Allow -Enabled True @settings
        }
        else {
            New-NetFirewallRule -Name $rule.Name -DisplayName "Sidestep: clients to the VIP ($($rule.Protocol))" `
                -Direction Inbound -Action Allow @settings | Out-Null
            Write-Output "firewall rule $($rule.Name) added"
        }
    }
}

function Test-Condition([bool] $Met, [string] $Name, [string] $Remedy) {
    if ($Met) {
        Write-Output "ok     $Name"
    }
    else {
        Write-Output "WRONG  $Name"
        Write-Output "       -> $Remedy"
        $script:Wrong++
    }
}

function Invoke-Verify {
    $script:Wrong = 0
    $again = 'Run this script without -Mode.'
    $lan = Get-LanAdapter
    $loopback = Get-LoopbackAdapter
    Test-Condition -Met ([bool] $loopback) -Name "adapter $LoopbackName" -Remedy $again
    if ($loopback) {
        Test-Condition -Met ($loopback.Status -eq 'Up') -Name "adapter $LoopbackName is up" `
            -Remedy "Enable-NetAdapter -Name '$LoopbackName'"
        foreach ($family in Get-Families) {
            foreach ($index in $loopback.InterfaceIndex, $lan.InterfaceIndex) {
                $found = Get-NetIPInterface -InterfaceIndex $index -AddressFamily $family
                Test-Condition -Met ($found.WeakHostReceive -eq 'Enabled') `
                    -Name "weak host receive ($($found.InterfaceAlias), $family)" -Remedy $again
                Test-Condition -Met ($found.WeakHostSend -eq 'Enabled') `
                    -Name "weak host send ($($found.InterfaceAlias), $family)" -Remedy $again
            }
            $found = Get-NetIPInterface -InterfaceIndex $loopback.InterfaceIndex -AddressFamily $family
            Test-Condition -Met ($found.InterfaceMetric -eq $LoopbackMetric) `
                -Name "metric of $LoopbackName ($family)" -Remedy $again
        }
        foreach ($vip in $Vips) {
            $there = @(Get-NetIPAddress -IPAddress $vip -ErrorAction SilentlyContinue)
            $good = ($there.Count -eq 1) -and ($there[0].InterfaceIndex -eq $loopback.InterfaceIndex) -and
                ($there[0].PrefixLength -eq (Get-PrefixLength $vip)) -and $there[0].SkipAsSource
            Test-Condition -Met $good -Name "VIP $vip on $LoopbackName only, never chosen as source" -Remedy $again
        }
    }
    foreach ($rule in $Rules) {
        $there = Get-NetFirewallRule -Name $rule.Name -ErrorAction SilentlyContinue
        Test-Condition -Met ([bool] ($there -and ($there.Enabled -eq 'True') -and ($there.Action -eq 'Allow'))) `
            -Name "firewall rule $($rule.Name)" -Remedy $again
    }
    if ($script:Wrong -gt 0) {
        Write-Output "This host is NOT ready as a real server: $($script:Wrong) conditions fail."
        Write-Output 'If every condition is ok and large replies still fail: some network cards compute wrong checksums'
        Write-Output 'for packets whose source is not an address of the card.'
        Write-Output "Only to test for this, run: Disable-NetAdapterChecksumOffload -Name '$($lan.Name)';"
        Write-Output 'a newer driver is the remedy.'
        exit 1
    }
    Write-Output 'This host is ready as a real server.'
}

function Invoke-Rollback {
    $state = Read-State
    $loopback = Get-LoopbackAdapter
    foreach ($rule in $Rules) {
        Get-NetFirewallRule -Name $rule.Name -ErrorAction SilentlyContinue | Remove-NetFirewallRule
    }
    if ($loopback) {
        foreach ($vip in $Vips) {
            Get-NetIPAddress -IPAddress $vip -InterfaceIndex $loopback.InterfaceIndex -ErrorAction SilentlyContinue |
                Remove-NetIPAddress -Confirm:$false
        }
    }
    if (-not $state) {
        Write-Output 'There is no state file: addresses and firewall rules are removed, everything else is unchanged.'
        return
    }
    $lan = Get-NetAdapter -Name $state.Lan -ErrorAction SilentlyContinue
    if ($lan) {
        foreach ($interface in $state.Interfaces) {
            Set-NetIPInterface -InterfaceIndex $lan.InterfaceIndex -AddressFamily $interface.Family `
                -WeakHostReceive $interface.WeakHostReceive -WeakHostSend $interface.WeakHostSend
        }
    }
    if ($loopback -and $state.CreatedAdapter) {
        & pnputil.exe /remove-device $loopback.PnPDeviceID | Out-Null
        Write-Output "adapter $LoopbackName removed"
    }
    Remove-Item -Path $StateFile
    Write-Output 'The previous state is restored.'
}

switch ($Mode) {
    'Apply' { Invoke-Apply; Invoke-Verify }
    'Verify' { Invoke-Verify }
    'Rollback' { Invoke-Rollback }
}
