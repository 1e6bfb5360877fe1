using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Engine.Xdp;

/// <summary>Reads the next hops, groups and tracked flows of a running director from its pinned maps.</summary>
public static class DirectorNetwork
{
    /// <summary>Reads the state of a director; null when no director of that name is pinned, or when it never had
    /// tables.</summary>
    /// <param name="pinPath">Folder that contains the folders of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <param name="peers">Addresses of the other directors, from the configuration.</param>
    /// <exception cref="EngineException">Privileges are missing, or another version pinned the maps.</exception>
    public static RunningNetwork? Read(string pinPath, string name, IReadOnlyList<IPAddress> peers)
    {
        using var maps = PinnedMaps.Open(pinPath, name);
        if (maps is null)
            return null;
        var running = RunningTables.Read(maps);
        if (running.ToGroups(maps) is not { } groups)
            return null;
        var flows = new List<TrackedFlow>();
        DirectorFlows.Visit(maps, running, flows.Add);
        return new RunningNetwork(groups, NextHopsOf(maps, running, peers), flows);
    }

    private static NextHops NextHopsOf(StateMaps maps, RunningTables running, IReadOnlyList<IPAddress> peers)
    {
        var names = NetworkInterface.GetAllNetworkInterfaces().GroupBy(IndexOf)
            .ToDictionary(static g => g.Key, static g => g.First().Name);
        var active = maps.Active;
        // The tables have the MTU of the route to each server; that of the interface is at least the largest.
        var mtus = new Dictionary<uint, int>();
        foreach (var id in running.Servers.Values)
        {
            var server = active.Server(id);
            if (server.Flags != 0)
                mtus[server.Ifindex] = Math.Max(mtus.GetValueOrDefault(server.Ifindex), MtuOf(server));
        }
        var interfaces = new List<EgressInterface>();
        foreach (ref readonly var one in active.Interfaces)
        {
            if (one.Ifindex == 0)
                continue;
            ReadOnlySpan<byte> mac = one.Mac, address6 = one.Address6;
            interfaces.Add(new EgressInterface(
                (int)one.Ifindex,
                names.GetValueOrDefault((int)one.Ifindex, $"if{one.Ifindex}"),
                MacAddress.Read(mac),
                one.Address == 0 ? null : Wire.Address(one.Address),
                mtus.GetValueOrDefault(one.Ifindex, 1500),
                address6.IndexOfAnyExcept((byte)0) < 0 ? null : new IPAddress(address6)));
        }
        var nextHops = new Dictionary<VrfAddress, NextHop>();
        Span<byte> macs = stackalloc byte[2 * MacAddress.Length];
        foreach (var (key, id) in running.Servers)
        {
            var server = active.Server(id);
            if (server.Flags == 0 || interfaces.Find(i => i.Index == server.Ifindex) is not { } egress)
                continue;
            BitConverter.TryWriteBytes(macs, server.Macs);
            BitConverter.TryWriteBytes(macs[sizeof(ulong)..], server.MacsRest);
            var isLocal = (server.Flags & Constants.ServerLocal) != 0; // its inner MTU is 0
            nextHops[key.Address] = new NextHop(
                isLocal ? egress : egress with { MtuBytes = MtuOf(server) }, MacAddress.Read(macs), IsLocal: isLocal);
        }
        var peerMacs = new Dictionary<VrfAddress, MacAddress>();
        foreach (ref readonly var peer in active.Peers)
        {
            ReadOnlySpan<byte> mac = peer.Mac;
            if (mac.IndexOfAnyExcept((byte)0) >= 0 && peerMacs.Count < peers.Count)
                // which address belongs to which peer does not matter
                peerMacs.Add(VrfAddress.InDefault(peers[peerMacs.Count]), MacAddress.Read(mac));
        }
        return new NextHops(interfaces, nextHops, new Dictionary<VrfAddress, string>()) { Peers = peerMacs };
    }

    /// <summary>MTU of the route to a server: the inner MTU plus the outer header.</summary>
    internal static int MtuOf(in Server server) => server.InnerMtu + ServerWriter.ModeOf(server).OverheadBytes(
        (server.Encapsulation & Constants.OuterIpv6) != 0
            ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);

    private static int IndexOf(NetworkInterface adapter)
    {
        var properties = adapter.GetIPProperties();
        try
        {
            return properties.GetIPv4Properties()?.Index ?? properties.GetIPv6Properties()?.Index ?? -1;
        }
        catch (NetworkInformationException)
        {
            return -1; // the interface has neither family
        }
    }
}
