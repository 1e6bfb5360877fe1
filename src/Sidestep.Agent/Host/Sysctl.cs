namespace Sidestep.Agent.Host;

/// <summary>Name of a sysctl below <c>net.ipv4.conf</c> or <c>net.ipv6.conf</c>.</summary>
/// <param name="Scope"><c>all</c> or the name of an interface.</param>
/// <param name="Key">For example <c>arp_ignore</c>.</param>
/// <param name="Family"><c>ipv4</c> or <c>ipv6</c>.</param>
internal readonly record struct Sysctl(string Scope, string Key, string Family = "ipv4")
{
    public const string All = "all";

    public const string ArpIgnore = "arp_ignore";
    public const string ArpAnnounce = "arp_announce";
    public const string RpFilter = "rp_filter";
    public const string ProxyArp = "proxy_arp";
    public const string ProxyArpPrivateVlan = "proxy_arp_pvlan";
    public const string Forwarding = "forwarding";
    public const string ArpFilter = "arp_filter";
    public const string DisableIPv6 = "disable_ipv6";

    /// <summary>The name with slashes, because an interface name may contain dots (<c>eth0.100</c>).</summary>
    public string Name => $"net/{Family}/conf/{Scope}/{Key}";
}
