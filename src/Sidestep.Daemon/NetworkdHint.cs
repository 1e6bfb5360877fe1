namespace Sidestep.Daemon;

/// <summary>Says who may remove rules and routes. Where systemd-networkd runs, it removes those of other programs when
/// it starts and when a link comes up (networkd.conf(5)).</summary>
internal static class NetworkdHint
{
    /// <summary>Exists while systemd-networkd runs.</summary>
    private const string RuntimeFile = "/run/systemd/netif/state";

    /// <summary>The end of a sentence, with the remedy.</summary>
    internal static string Read() => File.Exists(RuntimeFile)
        ? "; systemd-networkd runs here and removes rules and routes of other programs: set "
            + "ManageForeignRoutingPolicyRules=no and ManageForeignRoutes=no in networkd.conf"
        : "; the link may go down, or another program may remove it (`ip monitor` shows when)";
}
