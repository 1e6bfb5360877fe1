using System.Net;
using System.Text.RegularExpressions;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Api;

namespace Sidestep.Agent.Persistence;

/// <summary>Recognises settings from old instructions for real servers in the host's files, and reports those that do
/// harm. It changes nothing, because these are the operator's files.</summary>
internal static partial class LegacyConfigScan
{
    private const string Scripts = "/etc/sysconfig/network-scripts";

    /// <summary>The kernel's IFF_NOARP: the device neither sends nor answers ARP.</summary>
    private const uint NoArp = 0x80;

    private static readonly (string Folder, string Pattern)[] ScannedFiles =
    [
        ("/etc", "rc.local"), ("/etc/rc.d", "rc.local"), ("/etc/network", "interfaces"),
        ("/etc/network/interfaces.d", "*"), ("/etc/network/if-up.d", "*"), (Scripts, "*"),
        ("/etc/NetworkManager/dispatcher.d", "*"), ("/etc/systemd/system", "*.service"), ("/etc/init.d", "*"),
    ];

    public static void Check(HostFiles files, DesiredState desired, Verification result)
    {
        foreach (var item in desired.Interfaces.Where(static i => i.IsEthernet && (i.Flags & NoArp) != 0))
        {
            result.Add(false, ConditionNames.LegacyConfig, item.Name, "ARP is off on the whole interface", "ARP on",
                $"An alias such as {item.Name}:1 is not a separate interface: disabling ARP on it disconnects the "
                + $"server. Run: ip link set {item.Name} arp on");
        }
        foreach (var file in ScannedFiles.SelectMany(s => files.List(s.Folder, s.Pattern)))
            Script(file, files.Read(file) ?? "", result);
        foreach (var file in files.List(Scripts, "ifcfg-*"))
            Ifcfg(file, files.Read(file) ?? "", desired, result);
        foreach (var file in files.List("/etc", "sysctl.conf").Concat(files.List("/etc/sysctl.d", "*.conf"))
            .Where(static f => f != PersistencePlan.Sysctl))
        {
            SysctlFile(file, files.Read(file) ?? "", desired, result);
        }
    }

    /// <summary>Commands that disable ARP: an alias is not a device.</summary>
    private static void Script(string file, string text, Verification result)
    {
        foreach (var line in Lines(text))
        {
            if (ArpOff().Match(line) is not { Success: true } match)
                continue;
            var device = match.Groups["device"].Value.Split(':')[0];
            if (device == "lo")
            {
                result.Note(ConditionNames.LegacyConfig, file, line, "any",
                    "Harmless, because lo does not use ARP; but it does not suppress ARP replies: arp_ignore does.");
            }
            else
            {
                result.Add(false, ConditionNames.LegacyConfig, file, line, "ARP on",
                    $"At the next start it disables ARP on all of {device} and disconnects the server: delete the "
                    + "line; arp_ignore=1 suppresses the ARP replies, which was its purpose.");
            }
        }
    }

    /// <summary>ifcfg files with the mistakes of published examples.</summary>
    private static void Ifcfg(string file, string text, DesiredState desired, Verification result)
    {
        var keys = Lines(text).Select(static l => l.Split('=', 2)).Where(static p => p.Length == 2)
            .GroupBy(static p => p[0].Trim())
            .ToDictionary(static g => g.Key, static g => g.Last()[1].Trim().Trim('"', '\''));
        var device = keys.GetValueOrDefault("DEVICE", "");
        var name = Path.GetFileName(file)["ifcfg-".Length..];
        if (name == "lo" && device.StartsWith("lo:", StringComparison.Ordinal))
        {
            result.Add(false, ConditionNames.LegacyConfig, file, $"DEVICE={device}", "DEVICE=lo and 127.0.0.1",
                "This is the file of lo itself: at the next start, 127.0.0.1 is missing. "
                + $"Rename it to {Scripts}/ifcfg-{device}, and restore ifcfg-lo.");
        }
        if (keys.TryGetValue("IPADDRESS", out var misspelt))
        {
            result.Note(ConditionNames.LegacyConfig, file, $"IPADDRESS={misspelt}", $"IPADDR={misspelt}",
                "The scripts read IPADDR: at the next start the address is missing.");
        }
        var address = keys.GetValueOrDefault("IPADDR", misspelt ?? "");
        if (!IPAddress.TryParse(address, out var parsed) || !desired.Vips.Any(v => v.Network.Contains(parsed)))
            return;
        if (!name.StartsWith("lo", StringComparison.Ordinal))
        {
            result.Add(false, ConditionNames.LegacyConfig, file, $"{address} on {name}", $"{address} on lo",
                "At the next start the server announces the VIP by ARP and replies for it: delete the file; "
                + "the agent adds the VIP to lo.");
        }
        else if (keys.GetValueOrDefault("ARPUPDATE", "yes") != "no")
        {
            result.Note(ConditionNames.LegacyConfig, file, "ARPUPDATE is not no", "ARPUPDATE=no",
                "At the next start the scripts announce the VIP by ARP: add ARPUPDATE=no.");
        }
    }

    /// <summary>Sysctl files that contradict the agent's, or make the host a router.</summary>
    private static void SysctlFile(string file, string text, DesiredState desired, Verification result)
    {
        foreach (var line in Lines(text))
        {
            if (line.Split('=', 2) is not [var key, var value])
                continue;
            // Dots or slashes; a leading dash tells sysctl to ignore errors.
            var parts = key.Trim().TrimStart('-').Replace('/', '.').Split('.');
            value = value.Trim();
            if (parts is ["net", "ipv4", "ip_forward"] && value == "1")
            {
                result.Note(ConditionNames.LegacyConfig, file, line, "any",
                    "DSR does not need it, because the VIP is local. It makes the server a router: keep it only if "
                    + "something else needs it.");
            }
            if (parts is ["net", "ipv4", "conf", var scope, var setting] && IsRelevant(scope, desired)
                && Reverts(scope, setting, value))
            {
                result.Note(ConditionNames.LegacyConfig, file, line, $"see {DesiredSysctl.ConditionOf(setting)}",
                    "If it is read after the agent's file, it reverts what a real server needs: delete the line, or "
                    + "run 'sidestep-agent run', which repairs it.");
            }
        }
    }

    private static bool IsRelevant(string scope, DesiredState desired) =>
        scope is "all" or "default" or "*" || desired.Interfaces.Any(i => i.Name == scope);

    /// <summary>rp_filter on <c>all</c> does no harm: the interface's own value, loose, is larger.</summary>
    private static bool Reverts(string scope, string setting, string value) => setting switch
    {
        Sysctl.ArpIgnore => value == "0",
        Sysctl.ArpAnnounce => value is "0" or "1",
        Sysctl.RpFilter => value == "1" && scope != "all",
        _ => false,
    };

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n').Select(static l => l.Trim()).Where(static l => l.Length > 0 && l[0] is not ('#' or ';'));

    [GeneratedRegex(@"\b(?:ip\s+link\s+set\s+(?:dev\s+)?(?<device>\S+)\s.*\barp\s+off\b"
        + @"|ifconfig\s+(?<device>\S+)\s.*(?:^|\s)-arp\b)")]
    private static partial Regex ArpOff();
}
