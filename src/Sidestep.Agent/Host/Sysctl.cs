using System.Globalization;

namespace Sidestep.Agent.Host;

/// <summary>A setting of <c>net.ipv4.conf</c> or <c>net.ipv6.conf</c>, in the network namespace of this process.</summary>
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

    /// <summary>A slash between the parts, because the name of an interface may have dots (eth0.100).</summary>
    public string Name => $"net/{Family}/conf/{Scope}/{Key}";

    private string Path => "/proc/sys/" + Name;

    public int Read() => int.Parse(File.ReadAllText(Path).AsSpan().Trim(), CultureInfo.InvariantCulture);

    /// <summary>Null when there is no such setting: the interface has just gone, or the kernel does not know the key.</summary>
    public int? TryRead()
    {
        try
        {
            return Read();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Writes in place: a file of /proc is neither created nor truncated.</summary>
    public void Write(int value)
    {
        try
        {
            using var file = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"cannot set {Name} to {value}: {e.Message}",
                "In a container /proc/sys is often read-only: run the agent on the host, in the container's network namespace (nsenter --net=...).", e);
        }
    }

    /// <summary>The kernel takes the larger of <c>all</c> and the interface's own value for arp_ignore, arp_announce and
    /// rp_filter; for switches such as proxy_arp that is the same as either.</summary>
    public static int Effective(string interfaceName, string key) =>
        Math.Max(new Sysctl(All, key).TryRead() ?? 0, new Sysctl(interfaceName, key).TryRead() ?? 0);
}
