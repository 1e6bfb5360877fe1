namespace Sidestep.Agent.Persistence;

/// <summary>The program that configures the host's network when the host starts.</summary>
internal enum NetworkManagerKind
{
    Netplan,
    Networkd,
    NetworkManager,
    Ifupdown,

    /// <summary>The network scripts of Red Hat Enterprise Linux up to version 8.</summary>
    Ifcfg,
}

/// <summary>Detects the network manager of a host.</summary>
internal static class NetworkManagers
{
    private const string Units = "/etc/systemd/system/multi-user.target.wants/";

    /// <summary>The name in options and messages: <c>networkd</c>.</summary>
    public static string Name(NetworkManagerKind manager) => manager.ToString().ToLowerInvariant();

    /// <summary>The network managers in use, each with the file that shows it. With several, it is unknown which one
    /// configures <c>lo</c>.</summary>
    /// <remarks>netplan writes the files of networkd or NetworkManager, so it hides these two. NetworkManager reads
    /// ifcfg files where it runs, so it hides them.</remarks>
    public static IReadOnlyList<(NetworkManagerKind Manager, string Evidence)> InUse(HostFiles files)
    {
        if (files.List("/etc/netplan", "*.yaml") is [var first, ..])
            return [(NetworkManagerKind.Netplan, first)];
        var found = new List<(NetworkManagerKind, string)>();
        if (FirstOf(files, Units + "systemd-networkd.service", "/run/systemd/netif/state") is { } networkd)
            found.Add((NetworkManagerKind.Networkd, networkd));
        if (FirstOf(files, Units + "NetworkManager.service", "/run/NetworkManager/NetworkManager.pid",
            "/run/NetworkManager/devices") is { } networkManager)
        {
            found.Add((NetworkManagerKind.NetworkManager, networkManager));
        }
        if (files.Exists("/sbin/ifup") && files.Exists("/usr/lib/ifupdown") && HasStanzas(files))
            found.Add((NetworkManagerKind.Ifupdown, "/etc/network/interfaces"));
        if (found.Count == 0 && files.List("/etc/sysconfig/network-scripts", "ifcfg-*") is [var script, ..])
            found.Add((NetworkManagerKind.Ifcfg, script));
        return found;
    }

    /// <summary>A stanza for <c>lo</c> alone counts: it suffices to add addresses to <c>lo</c>.</summary>
    private static bool HasStanzas(HostFiles files) => (files.Read("/etc/network/interfaces") ?? "").Split('\n')
        .Any(static l => l.TrimStart().StartsWith("iface ", StringComparison.Ordinal));

    private static string? FirstOf(HostFiles files, params string[] names) => names.FirstOrDefault(files.Exists);
}
