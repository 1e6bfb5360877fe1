using Sidestep.Agent.Input;

namespace Sidestep.Agent.Persistence;

/// <summary>Renders, for each network manager, the file that adds the VIPs to <c>lo</c>. No file replaces what the host
/// has for <c>lo</c>, so 127.0.0.1 is never at risk.</summary>
internal static class AddressFiles
{
    private const string NetworkdFile = "/etc/systemd/network/05-sidestep-lo.network";
    private const string ProfileFolder = "/etc/NetworkManager/system-connections";
    private const string ProfileName = "sidestep-lo.nmconnection";
    private const string PreUp = $"    pre-up sysctl -q -e -p {PersistencePlan.Sysctl} || true\n";
    private const int FirstAlias = 51;
    private const string ServiceRemedy =
        "Run 'sidestep-agent run' as a service instead: sidestep-agent render linux --for agent.";

    /// <param name="manager">The network manager.</param>
    /// <param name="desired">The VIPs.</param>
    /// <param name="files">The host's files.</param>
    /// <param name="remarks">Receives what the operator should know.</param>
    /// <param name="problems">Receives why the manager cannot do it.</param>
    /// <returns>Null if there is a problem.</returns>
    public static IReadOnlyList<PlannedFile>? For(NetworkManagerKind manager, DesiredState desired, HostFiles files,
        List<string> remarks, List<Problem> problems)
    {
        if (desired.Vips.FirstOrDefault(static v => !v.IsSingle) is { } prefix
            && manager is not (NetworkManagerKind.Networkd or NetworkManagerKind.Ifupdown))
        {
            problems.Add(new Problem("--persist", prefix.ToString(),
                $"is a prefix, which {NetworkManagers.Name(manager)} cannot make local", ServiceRemedy));
            return null;
        }
        return manager switch
        {
            NetworkManagerKind.Networkd => [Networkd(desired, files, remarks)],
            NetworkManagerKind.Netplan => [Netplan(desired)],
            NetworkManagerKind.NetworkManager => NetworkManager(desired, files, problems),
            NetworkManagerKind.Ifupdown => Ifupdown(desired, files, problems),
            _ => Ifcfg(desired, problems),
        };
    }

    /// <summary>networkd applies only the first .network file that matches a link: if the host has one for <c>lo</c>,
    /// the VIPs go into a drop-in of it.</summary>
    private static PlannedFile Networkd(DesiredState desired, HostFiles files, List<string> remarks)
    {
        var existing = files.List("/etc/systemd/network", "*.network")
            .FirstOrDefault(f => MatchesLoopback(files.Read(f) ?? ""));
        var own = existing is null or NetworkdFile;
        if (!own)
            remarks.Add($"{existing} is the host's own file for lo: the VIPs go into a drop-in of it.");
        var head = own ? "[Match]\nName=lo\n\n[Network]\nLinkLocalAddressing=no\nKeepConfiguration=yes\n" : "";
        var addresses = desired.Vips.Where(static v => v.IsSingle).Select(static v => v.IsIPv6
            ? $"\n[Address]\nAddress={v.Address}/128\nDuplicateAddressDetection=none\nPreferredLifetime=0\n"
            : $"\n[Address]\nAddress={v.Address}/32\nScope=host\n");
        var prefixes = desired.Vips.Where(static v => !v.IsSingle)
            .Select(static v => $"\n[Route]\nDestination={v.Network}\nType=local\nTable=local\nScope=host\n");
        return new PlannedFile(
            own ? NetworkdFile : $"/etc/systemd/network/{Path.GetFileName(existing)}.d/sidestep.conf",
            $"{PersistencePlan.HeaderLine}\n{head}{string.Concat(addresses)}{string.Concat(prefixes)}");
    }

    private static bool MatchesLoopback(string text)
    {
        const string key = "Name=";
        var section = "";
        foreach (var line in text.Split('\n').Select(static l => l.Trim()))
        {
            if (line.StartsWith('['))
                section = line;
            else if (section == "[Match]" && line.StartsWith(key, StringComparison.Ordinal)
                && line[key.Length..].Split(' ').Any(static n => n is "lo" or "*" or "l*"))
            {
                return true;
            }
        }
        return false;
    }

    private static PlannedFile Netplan(DesiredState desired)
    {
        var addresses = desired.Vips.Select(static v =>
            $"        - \"{v.Address}/{v.Network.PrefixLength}\"{(v.IsIPv6 ? ": { lifetime: 0 }" : "")}\n");
        return new PlannedFile("/etc/netplan/60-sidestep.yaml",
            $"{PersistencePlan.HeaderLine}\nnetwork:\n  version: 2\n  ethernets:\n    lo:\n"
            + $"      match: {{ name: lo }}\n      addresses:\n{string.Concat(addresses)}", PlannedFile.Secret);
    }

    /// <summary>NetworkManager supports profiles for loopback since 1.42 and adds 127.0.0.1 and ::1 itself.</summary>
    private static IReadOnlyList<PlannedFile>? NetworkManager(
        DesiredState desired, HostFiles files, List<Problem> problems)
    {
        var existing = files.List(ProfileFolder, "*.nmconnection").FirstOrDefault(f =>
            Path.GetFileName(f) != ProfileName
            && (files.Read(f) ?? "").Contains("interface-name=lo\n", StringComparison.Ordinal));
        if (existing is not null)
        {
            problems.Add(new Problem("--persist", existing,
                "is the host's own profile for lo, and a device has only one active profile",
                "Add the VIPs to it: nmcli connection modify NAME +ipv4.addresses VIP/32."));
            return null;
        }
        string Section(bool isIPv6)
        {
            var vips = desired.Vips.Where(v => v.IsIPv6 == isIPv6).ToList();
            var lines = vips.Select((v, i) => $"address{i + 1}={v.Address}/{v.Network.PrefixLength}\n");
            return $"\n[{(isIPv6 ? "ipv6" : "ipv4")}]\nmethod={(vips.Count > 0 ? "manual" : "auto")}\n"
                + string.Concat(lines);
        }
        return [new PlannedFile($"{ProfileFolder}/{ProfileName}",
            $"{PersistencePlan.HeaderLine}\n# Needs NetworkManager 1.42 or newer.\n[connection]\nid=sidestep-lo\n"
            + $"type=loopback\ninterface-name=lo\nautoconnect=true\n{Section(false)}{Section(true)}",
            PlannedFile.Secret)];
    }

    /// <summary>ifupdown allows several stanzas for one interface, so the host's own for <c>lo</c> stays.</summary>
    /// <remarks>Each stanza sets the sysctls before it adds its address, in whatever order services start. The option
    /// -e ignores an interface that appears later.</remarks>
    private static IReadOnlyList<PlannedFile>? Ifupdown(DesiredState desired, HostFiles files, List<Problem> problems)
    {
        var interfaces = files.Read("/etc/network/interfaces") ?? "";
        if (!interfaces.Split('\n').Any(static l => l.Trim().StartsWith("source", StringComparison.Ordinal)
            && l.Contains("interfaces.d", StringComparison.Ordinal)))
        {
            problems.Add(new Problem("--persist", "/etc/network/interfaces", "does not read /etc/network/interfaces.d",
                "Add this line to it: source /etc/network/interfaces.d/*"));
            return null;
        }
        var stanzas = desired.Vips.Where(static v => v.IsSingle).Select(static v => v.IsIPv6
            ? $"\niface lo inet6 static\n{PreUp}    address {v.Address}/128\n    dad-attempts 0\n"
                + "    preferred-lifetime 0\n"
            : $"\niface lo inet static\n{PreUp}    address {v.Address}/32\n    scope host\n");
        var prefixes = desired.Vips.Where(static v => !v.IsSingle).Select(static v =>
            $"    up ip route replace local {v.Network} dev lo\n"
            + $"    down ip route del local {v.Network} dev lo || true\n").ToList();
        var routes = prefixes.Count == 0 ? "" : $"\niface lo inet manual\n{PreUp}{string.Concat(prefixes)}";
        return [new PlannedFile("/etc/network/interfaces.d/sidestep",
            $"{PersistencePlan.HeaderLine}\nauto lo\n{string.Concat(stanzas)}{routes}")];
    }

    /// <summary>Separate files beside ifcfg-lo, which holds 127.0.0.1 and is never changed. ARPUPDATE=no stops the
    /// scripts from sending gratuitous ARP for the VIP.</summary>
    private static IReadOnlyList<PlannedFile>? Ifcfg(DesiredState desired, List<Problem> problems)
    {
        if (desired.Vips.FirstOrDefault(static v => v.IsIPv6) is { } ipv6Vip)
        {
            problems.Add(new Problem("--persist", ipv6Vip.ToString(),
                "is an IPv6 address, which ifcfg files allow only in ifcfg-lo itself, beside 127.0.0.1",
                ServiceRemedy));
            return null;
        }
        return [.. desired.Vips.Select(static (v, i) => new PlannedFile(
            $"/etc/sysconfig/network-scripts/ifcfg-lo:{FirstAlias + i}",
            $"{PersistencePlan.HeaderLine}\nDEVICE=lo:{FirstAlias + i}\nIPADDR={v.Address}\n"
            + "NETMASK=255.255.255.255\nONBOOT=yes\nARPUPDATE=no\nARPCHECK=no\nNAME=sidestep\n"))];
    }
}
