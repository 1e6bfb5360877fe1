using Sidestep.Agent.Input;

namespace Sidestep.Agent.Persistence;

/// <summary>The file that puts VIPs on lo, for each network manager. None of them replaces what the host has for lo: 127.0.0.1 is
/// never at stake (C-08).</summary>
internal static class AddressFiles
{
    private const string HeaderLine = PersistencePlan.HeaderLine;

    /// <returns>Null when the manager cannot do it; the problem says why.</returns>
    public static IReadOnlyList<PlannedFile>? For(NetworkManagerKind manager, DesiredState desired, HostFiles files, List<string> remarks, List<Problem> problems)
    {
        if (desired.Vips.FirstOrDefault(static v => !v.IsSingle) is { } prefix && manager is not (NetworkManagerKind.Networkd or NetworkManagerKind.Ifupdown))
        {
            problems.Add(new Problem("--persist", prefix.ToString(), $"is a prefix, which {NetworkManagers.Name(manager)} cannot make local",
                "Let 'sidestep-agent run' be started as a service: render linux --for agent."));
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

    /// <summary>The first .network file that matches a link is the only one: where the host has one for lo, a drop-in of that.</summary>
    private static PlannedFile Networkd(DesiredState desired, HostFiles files, List<string> remarks)
    {
        var existing = files.List("/etc/systemd/network", "*.network").FirstOrDefault(f => MatchesLoopback(files.Read(f) ?? ""));
        var own = existing is null or "/etc/systemd/network/05-sidestep-lo.network";
        if (!own)
            remarks.Add($"{existing} is the host's own file for lo: the VIPs go into a drop-in of it.");
        var head = own ? "[Match]\nName=lo\n\n[Network]\nLinkLocalAddressing=no\nKeepConfiguration=yes\n" : "";
        var addresses = desired.Vips.Where(static v => v.IsSingle).Select(static v => v.IsIPv6
            ? $"\n[Address]\nAddress={v.Address}/128\nDuplicateAddressDetection=none\nPreferredLifetime=0\n"
            : $"\n[Address]\nAddress={v.Address}/32\nScope=host\n");
        var prefixes = desired.Vips.Where(static v => !v.IsSingle).Select(static v => $"\n[Route]\nDestination={v.Network}\nType=local\nTable=local\nScope=host\n");
        return new PlannedFile(own ? "/etc/systemd/network/05-sidestep-lo.network" : $"/etc/systemd/network/{Path.GetFileName(existing)}.d/sidestep.conf",
            $"{HeaderLine}\n{head}{string.Concat(addresses)}{string.Concat(prefixes)}");
    }

    private static bool MatchesLoopback(string text)
    {
        var section = "";
        foreach (var line in text.Split('\n').Select(static l => l.Trim()))
        {
            if (line.StartsWith('['))
                section = line;
            else if (section == "[Match]" && line.StartsWith("Name=", StringComparison.Ordinal) && line["Name=".Length..].Split(' ').Any(static n => n is "lo" or "*" or "l*"))
                return true;
        }
        return false;
    }

    private static PlannedFile Netplan(DesiredState desired) => new("/etc/netplan/60-sidestep.yaml",
        $"{HeaderLine}\nnetwork:\n  version: 2\n  ethernets:\n    lo:\n      match: {{ name: lo }}\n      addresses:\n"
        + string.Concat(desired.Vips.Select(static v => $"        - \"{v.Address}/{v.Network.PrefixLength}\"{(v.IsIPv6 ? ": { lifetime: 0 }" : "")}\n")),
        PlannedFile.Secret);

    /// <summary>Profiles for loopback are known since NetworkManager 1.42; 127.0.0.1 and ::1 it adds by itself.</summary>
    private static IReadOnlyList<PlannedFile>? NetworkManager(DesiredState desired, HostFiles files, List<Problem> problems)
    {
        if (files.List("/etc/NetworkManager/system-connections", "*.nmconnection").FirstOrDefault(f =>
                !f.EndsWith("/sidestep-lo.nmconnection", StringComparison.Ordinal) && (files.Read(f) ?? "").Contains("interface-name=lo\n", StringComparison.Ordinal)) is { } existing)
        {
            problems.Add(new Problem("--persist", existing, "is the host's own profile for lo, and only one profile is active on a device",
                "Add the VIPs to it: nmcli connection modify NAME +ipv4.addresses VIP/32."));
            return null;
        }
        string Method(bool isIPv6)
        {
            var vips = desired.Vips.Where(v => v.IsIPv6 == isIPv6).ToList();
            var lines = vips.Select((v, i) => $"address{i + 1}={v.Address}/{v.Network.PrefixLength}\n");
            return $"\n[{(isIPv6 ? "ipv6" : "ipv4")}]\nmethod={(vips.Count > 0 ? "manual" : "auto")}\n{string.Concat(lines)}";
        }
        return [new PlannedFile("/etc/NetworkManager/system-connections/sidestep-lo.nmconnection",
            $"{HeaderLine}\n# Needs NetworkManager 1.42 or newer.\n[connection]\nid=sidestep-lo\ntype=loopback\ninterface-name=lo\nautoconnect=true\n{Method(false)}{Method(true)}", PlannedFile.Secret)];
    }

    /// <summary>Several stanzas may be for one interface: the host's own for lo stays.</summary>
    private static IReadOnlyList<PlannedFile>? Ifupdown(DesiredState desired, HostFiles files, List<Problem> problems)
    {
        var interfaces = files.Read("/etc/network/interfaces") ?? "";
        if (!interfaces.Split('\n').Any(static l => l.Trim().StartsWith("source", StringComparison.Ordinal) && l.Contains("interfaces.d", StringComparison.Ordinal)))
        {
            problems.Add(new Problem("--persist", "/etc/network/interfaces", "does not read /etc/network/interfaces.d",
                "Add this line to it: source /etc/network/interfaces.d/*"));
            return null;
        }
        // The settings are there before the address, whatever order services start in. -e: an interface may come later.
        var stanzas = desired.Vips.Select(static v => !v.IsSingle ? "" : v.IsIPv6
            ? $"\niface lo inet6 static\n    pre-up sysctl -q -e -p {PersistencePlan.Sysctl} || true\n    address {v.Address}/128\n    dad-attempts 0\n    preferred-lifetime 0\n"
            : $"\niface lo inet static\n    pre-up sysctl -q -e -p {PersistencePlan.Sysctl} || true\n    address {v.Address}/32\n    scope host\n");
        var prefixes = desired.Vips.Where(static v => !v.IsSingle).Select(static v =>
            $"    up ip route replace local {v.Network} dev lo\n    down ip route del local {v.Network} dev lo || true\n").ToList();
        var route = prefixes.Count == 0 ? "" : $"\niface lo inet manual\n    pre-up sysctl -q -e -p {PersistencePlan.Sysctl} || true\n{string.Concat(prefixes)}";
        return [new PlannedFile("/etc/network/interfaces.d/sidestep", $"{HeaderLine}\nauto lo\n{string.Concat(stanzas)}{route}")];
    }

    /// <summary>Files of their own beside ifcfg-lo, which holds 127.0.0.1 and is never touched (C-08). ARPUPDATE=no keeps the
    /// scripts from announcing the VIP by ARP.</summary>
    private static IReadOnlyList<PlannedFile>? Ifcfg(DesiredState desired, List<Problem> problems)
    {
        if (desired.Vips.FirstOrDefault(static v => v.IsIPv6) is { } ipv6Vip)
        {
            problems.Add(new Problem("--persist", ipv6Vip.ToString(), "is of IPv6, which ifcfg files know only in ifcfg-lo itself, beside 127.0.0.1",
                "Let 'sidestep-agent run' be started as a service: render linux --for agent."));
            return null;
        }
        return [.. desired.Vips.Select(static (v, i) => new PlannedFile($"/etc/sysconfig/network-scripts/ifcfg-lo:{51 + i}",
            $"{HeaderLine}\nDEVICE=lo:{51 + i}\nIPADDR={v.Address}\nNETMASK=255.255.255.255\nONBOOT=yes\nARPUPDATE=no\nARPCHECK=no\nNAME=sidestep\n"))];
    }
}
