using System.Net;
using System.Text.RegularExpressions;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Api;

namespace Sidestep.Agent.Persistence;

/// <summary>Recognises what old instructions for real servers left on a host, and says where it does harm. Nothing is changed:
/// these are the operator's files.</summary>
internal static partial class LegacyConfigScan
{
    private const string Scripts = "/etc/sysconfig/network-scripts";
    private const uint NoArp = 0x80;

    private static readonly (string Folder, string Pattern)[] ScannedFiles =
    [
        ("/etc", "rc.local"), ("/etc/rc.d", "rc.local"), ("/etc/network", "interfaces"), ("/etc/network/interfaces.d", "*"), ("/etc/network/if-up.d", "*"),
        (Scripts, "*"), ("/etc/NetworkManager/dispatcher.d", "*"), ("/etc/systemd/system", "*.service"), ("/etc/init.d", "*"),
    ];

    public static void Check(HostFiles files, DesiredState desired, HostInventory host, Verification result)
    {
        foreach (var item in desired.Interfaces.Where(static i => i.IsEthernet && (i.Flags & NoArp) != 0))
        {
            result.Add(false, ConditionNames.LegacyConfig, item.Name, "ARP is switched off on the whole interface", "ARP on",
                $"An alias such as {item.Name}:1 is no interface of its own: switching ARP off there cuts the server off. Run: ip link set {item.Name} arp on");
        }
        foreach (var (folder, pattern) in ScannedFiles)
        {
            foreach (var file in files.List(folder, pattern))
                Script(file, files.Read(file) ?? "", result);
        }
        foreach (var file in files.List(Scripts, "ifcfg-*"))
            Ifcfg(file, files.Read(file) ?? "", desired, result);
        foreach (var file in files.List("/etc", "sysctl.conf").Concat(files.List("/etc/sysctl.d", "*.conf")).Where(static f => f != PersistencePlan.Sysctl))
            Sysctl(file, files.Read(file) ?? "", desired, result);
    }

    /// <summary>C-05: an alias is not a device.</summary>
    private static void Script(string file, string text, Verification result)
    {
        foreach (var line in Lines(text))
        {
            if (ArpOff().Match(line) is not { Success: true } match)
                continue;
            var device = match.Groups["device"].Value.Split(':')[0];
            if (device == "lo")
                result.Note(ConditionNames.LegacyConfig, file, line, "any", "Harmless: lo does no ARP. It keeps the server silent about nothing; arp_ignore does.");
            else
                result.Add(false, ConditionNames.LegacyConfig, file, line, "ARP on",
                    $"It switches ARP off on the whole of {device} at the next start, and cuts the server off: delete the line; arp_ignore 1 does what it was meant for.");
        }
    }

    /// <summary>C-08: files that were printed with mistakes.</summary>
    private static void Ifcfg(string file, string text, DesiredState desired, Verification result)
    {
        var keys = Lines(text).Select(static l => l.Split('=', 2)).Where(static p => p.Length == 2)
            .GroupBy(static p => p[0].Trim()).ToDictionary(static g => g.Key, static g => g.Last()[1].Trim().Trim('"', '\''));
        var device = keys.GetValueOrDefault("DEVICE", "");
        var name = Path.GetFileName(file)["ifcfg-".Length..];
        if (name == "lo" && device.StartsWith("lo:", StringComparison.Ordinal))
        {
            result.Add(false, ConditionNames.LegacyConfig, file, $"DEVICE={device}", "DEVICE=lo and 127.0.0.1",
                $"This file is lo's own: at the next start 127.0.0.1 is missing. Rename it to {Scripts}/ifcfg-{device}, and restore ifcfg-lo.");
        }
        if (keys.TryGetValue("IPADDRESS", out var misspelt))
            result.Note(ConditionNames.LegacyConfig, file, $"IPADDRESS={misspelt}", $"IPADDR={misspelt}", "The scripts read IPADDR: at the next start the address does not appear.");
        var address = keys.GetValueOrDefault("IPADDR", misspelt ?? "");
        if (!IPAddress.TryParse(address, out var parsed) || !desired.Vips.Any(v => v.Network.Contains(parsed)))
            return;
        if (!name.StartsWith("lo", StringComparison.Ordinal))
        {
            result.Add(false, ConditionNames.LegacyConfig, file, $"{address} on {name}", $"{address} on lo",
                $"At the next start the server announces the VIP by ARP and answers for it: delete the file; the agent puts the VIP on lo.");
        }
        else if (keys.GetValueOrDefault("ARPUPDATE", "yes") != "no")
            result.Note(ConditionNames.LegacyConfig, file, "ARPUPDATE is not no", "ARPUPDATE=no", "At the next start the scripts announce the VIP by ARP on the way out: add ARPUPDATE=no.");
    }

    /// <summary>What another file says against the agent's, and C-07.</summary>
    private static void Sysctl(string file, string text, DesiredState desired, Verification result)
    {
        foreach (var line in Lines(text))
        {
            if (line.Split('=', 2) is not [var key, var value])
                continue;
            // Dots or slashes, and a dash in front: errors do not matter.
            var parts = key.Trim().TrimStart('-').Replace('/', '.').Split('.');
            value = value.Trim();
            if (key.Trim() is "net.ipv4.ip_forward" or "net/ipv4/ip_forward" && value == "1")
                result.Note(ConditionNames.LegacyConfig, file, line, "any", "DSR does not need it: the VIP is local. It makes the server a router; leave it only where something else needs that.");
            if (parts is not ["net", "ipv4", "conf", var scope, var setting] || (scope is not ("all" or "default" or "*") && desired.Interfaces.All(i => i.Name != scope)))
                continue;
            if ((setting == Host.Sysctl.ArpIgnore && value == "0") || (setting == Host.Sysctl.ArpAnnounce && value is "0" or "1" && setting == Host.Sysctl.ArpAnnounce)
                || (setting == Host.Sysctl.RpFilter && value == "1" && scope != "all"))
            {
                result.Note(ConditionNames.LegacyConfig, file, line, $"see {DesiredSysctl.ConditionOf(setting)}",
                    "It sets back what a real server needs, if it is read after the agent's: delete the line, or let 'sidestep-agent run' keep it.");
            }
        }
    }

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n').Select(static l => l.Trim()).Where(static l => l.Length > 0 && l[0] is not ('#' or ';'));

    [GeneratedRegex(@"\b(?:ip\s+link\s+set\s+(?:dev\s+)?(?<device>\S+)\s.*\barp\s+off\b|ifconfig\s+(?<device>\S+)\s.*(?:^|\s)-arp\b)")]
    private static partial Regex ArpOff();
}
