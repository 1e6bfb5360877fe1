namespace Sidestep.Agent.Persistence;

/// <summary>What puts a host's network in order when it starts.</summary>
internal enum NetworkManagerKind
{
    Netplan,
    Networkd,
    NetworkManager,
    Ifupdown,
    Ifcfg,
}

/// <summary>Finds out which of them a host uses.</summary>
internal static class NetworkManagers
{
    private const string Units = "/etc/systemd/system/multi-user.target.wants/";

    public static string Name(NetworkManagerKind manager) => manager.ToString().ToLowerInvariant();

    /// <summary>Those that are in use, with what shows it; several: nobody can say which one puts lo in order.</summary>
    /// <remarks>Netplan writes the files of networkd or NetworkManager, so that these two follow from it. Old ifcfg files are
    /// NetworkManager's where that runs.</remarks>
    public static IReadOnlyList<(NetworkManagerKind Manager, string Shown)> InUse(HostFiles files)
    {
        var found = new List<(NetworkManagerKind, string)>();
        if (files.List("/etc/netplan", "*.yaml") is [var first, ..])
            return [(NetworkManagerKind.Netplan, first)];
        if (FirstOf(files, Units + "systemd-networkd.service", "/run/systemd/netif/state") is { } networkd)
            found.Add((NetworkManagerKind.Networkd, networkd));
        if (FirstOf(files, Units + "NetworkManager.service", "/run/NetworkManager/NetworkManager.pid", "/run/NetworkManager/devices") is { } networkManager)
            found.Add((NetworkManagerKind.NetworkManager, networkManager));
        if (files.Exists("/sbin/ifup") && files.Exists("/usr/lib/ifupdown") && Configures(files))
            found.Add((NetworkManagerKind.Ifupdown, "/etc/network/interfaces"));
        if (found.Count == 0 && files.List("/etc/sysconfig/network-scripts", "ifcfg-*") is [var script, ..])
            found.Add((NetworkManagerKind.Ifcfg, script));
        return found;
    }

    /// <summary>Debian's file is there on every host; one that says no more than lo is nobody's choice, but does for lo.</summary>
    private static bool Configures(HostFiles files) => (files.Read("/etc/network/interfaces") ?? "").Split('\n')
        .Any(static l => l.TrimStart().StartsWith("iface ", StringComparison.Ordinal));

    private static string? FirstOf(HostFiles files, params string[] names) => names.FirstOrDefault(files.Exists);
}
