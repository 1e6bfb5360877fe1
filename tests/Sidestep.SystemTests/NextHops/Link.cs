using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.SystemTests.Director;
using HopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.SystemTests.NextHops;

/// <summary>A director and one other machine at the ends of a cable, eth0 each, and the resolver at the director's end.</summary>
internal sealed class Link : IDisposable
{
    private NetlinkNextHopResolver? _resolver;
    private readonly List<string> _said = [];

    /// <param name="director">Addresses with prefix of the director's end; without an IPv6 one it has not even a link-local one.</param>
    /// <param name="other">Of the other end.</param>
    public Link(string[] director, string[] other)
    {
        try
        {
            Director = new NetworkNamespace("director", "ssd");
            Other = new NetworkNamespace("other", "ssd");
            // Nobody else is on the cable: addresses need no second to be proven unique.
            foreach (var node in new[] { Director, Other })
                Lan.SetSysctl(node, "ipv6/conf/default/accept_dad", 0);
            Shell.Run("ip", "link", "add", "eth0", "netns", Director.Name, "type", "veth", "peer", "name", "eth0", "netns", Other.Name);
            Bring(Director, director);
            Bring(Other, other);
            Eventually.True(() => !Director.Ip("-6 address show").Contains("tentative", StringComparison.Ordinal)
                && !Other.Ip("-6 address show").Contains("tentative", StringComparison.Ordinal), static () => "addresses stay tentative");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Director { get; } = null!;

    public NetworkNamespace Other { get; } = null!;

    /// <summary>What is known now.</summary>
    public HopTable Current => _resolver!.Current;

    /// <summary>What the resolver logged.</summary>
    public IReadOnlyList<string> Said
    {
        get
        {
            lock (_said)
                return [.. _said];
        }
    }

    /// <summary>Begins to resolve, at the director's eth0.</summary>
    public void Watch(string[] servers, params string[] peers)
    {
        _resolver ??= Director.Inside(() => new NetlinkNextHopResolver(Say));
        _resolver.Watch(["eth0"], [.. servers.Select(IPAddress.Parse)]);
        _resolver.WatchPeers([.. peers.Select(IPAddress.Parse)]);
    }

    /// <summary>Waits until a server is found at an Ethernet address.</summary>
    public void Until(string server, string mac) => Eventually.True(() => MacOf(server) == mac, () => $"{server} is not at {mac}: {Describe()}");

    /// <summary>Waits until a server is unresolved for this reason.</summary>
    public void UntilUnresolved(string server, string reason) => Eventually.True(
        () => Current.Unresolved.GetValueOrDefault(IPAddress.Parse(server))?.Contains(reason, StringComparison.Ordinal) == true,
        () => $"{server} is not unresolved because {reason}: {Describe()}");

    public string? MacOf(string server) => Current.Servers.GetValueOrDefault(IPAddress.Parse(server))?.Neighbour.ToString();

    public static string MacOf(NetworkNamespace node) => Lan.MacOf(node, "eth0");

    public string Describe() => string.Join("; ",
        Current.Servers.Select(static s => $"{s.Key}: {s.Value}").Concat(Current.Unresolved.Select(static u => $"{u.Key}: {u.Value}")).Concat(Said));

    public void Dispose()
    {
        _resolver?.Dispose();
        Director?.Dispose();
        Other?.Dispose();
    }

    private void Say(string text)
    {
        lock (_said)
            _said.Add(text);
    }

    private static void Bring(NetworkNamespace node, string[] addresses)
    {
        node.Ip($"link set eth0 addrgenmode {(addresses.Any(static a => a.Contains(':', StringComparison.Ordinal)) ? "eui64" : "none")}");
        foreach (var address in addresses)
            node.Ip($"address add {address} dev eth0" + (address.Contains(':', StringComparison.Ordinal) ? " nodad" : ""));
        node.Ip("link set eth0 up");
    }
}
