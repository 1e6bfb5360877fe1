using Sidestep.Daemon.NextHops;
using Sidestep.Model;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A director and another machine at the ends of a cable, eth0 each, and a resolver at the director's
/// end.</summary>
internal sealed class PointToPointLink : IDisposable
{
    private NetlinkNextHopResolver? _resolver;
    private readonly List<string> _log = [];

    /// <param name="director">Addresses with prefix of the director's end. Without an IPv6 address it has no
    /// link-local one either.</param>
    /// <param name="other">Addresses of the other end.</param>
    public PointToPointLink(string[] director, string[] other)
    {
        try
        {
            Director = new NetworkNamespace("director", "ssd");
            Other = new NetworkNamespace("other", "ssd");
            // No duplicate address detection, which takes a second.
            foreach (var node in new[] { Director, Other })
                Lan.SetSysctl(node, "ipv6/conf/default/accept_dad", 0);
            Shell.Run("ip", "link", "add", "eth0", "netns", Director.Name, "type", "veth", "peer", "name", "eth0",
                "netns", Other.Name);
            BringUp(Director, director);
            BringUp(Other, other);
            Eventually.True(() => !Director.Ip("-6 address show").Contains("tentative", StringComparison.Ordinal)
                && !Other.Ip("-6 address show").Contains("tentative", StringComparison.Ordinal), static () =>
                "the addresses are still tentative");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Director { get; } = null!;

    public NetworkNamespace Other { get; } = null!;

    /// <summary>The present next hops.</summary>
    public NextHopTable Current => _resolver!.Current;

    /// <summary>The log of the resolver.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_log)
                return [.. _log];
        }
    }

    /// <summary>Starts to resolve servers at the director's eth0.</summary>
    public void Watch(string[] servers, params string[] peers)
    {
        _resolver ??= Director.Inside(() => new NetlinkNextHopResolver(Append, TestSupervisor.Of(Append)));
        _resolver.Watch(["eth0"], [.. servers.Select(VrfAddress.Parse)]);
        _resolver.WatchPeers([.. peers.Select(VrfAddress.Parse)]);
    }

    /// <summary>Waits until a server has an Ethernet address.</summary>
    public void WaitForMac(string server, string mac) =>
        Eventually.True(() => MacOf(server) == mac, () => $"{server} is not at {mac}: {Describe()}");

    /// <summary>Waits until a server is unresolved for this reason.</summary>
    public void WaitUntilUnresolved(string server, string reason) => Eventually.True(
        () => Current.Unresolved.GetValueOrDefault(VrfAddress.Parse(server))?.Contains(reason,
        StringComparison.Ordinal) == true,
        () => $"{server} is not unresolved because {reason}: {Describe()}");

    public string? MacOf(string server) =>
        Current.Servers.GetValueOrDefault(VrfAddress.Parse(server))?.Neighbour.ToString();

    public static string MacOf(NetworkNamespace node) => Lan.MacOf(node, "eth0");

    public string Describe() => string.Join("; ",
        Current.Servers.Select(static s => $"{s.Key}: {s.Value}")
        .Concat(Current.Unresolved.Select(static u => $"{u.Key}: {u.Value}")).Concat(Log));

    public void Dispose()
    {
        _resolver?.Dispose();
        Director?.Dispose();
        Other?.Dispose();
    }

    private void Append(string text)
    {
        lock (_log)
            _log.Add(text);
    }

    private static void BringUp(NetworkNamespace node, string[] addresses)
    {
        node.Ip($"link set eth0 addrgenmode "
            + $"{(addresses.Any(static a => a.Contains(':', StringComparison.Ordinal)) ? "eui64" : "none")}");
        foreach (var address in addresses)
            node.Ip($"address add {address} dev eth0"
                + (address.Contains(':', StringComparison.Ordinal) ? " nodad" : ""));
        node.Ip("link set eth0 up");
    }
}
