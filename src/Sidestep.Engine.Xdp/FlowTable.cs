using System.Buffers.Binary;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>The remembered flows, as user space sees them: counted, listed, and forgotten when their server's number goes.</summary>
internal sealed class FlowTable(StateMaps maps)
{
    /// <summary>Buckets of a table that has room for so many flows: twice as many places, so that few buckets are full.</summary>
    internal static int BucketsFor(int flows) =>
        (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * flows / Constants.FlowBucketEntries, 1));

    /// <summary>How many flows such a table is for.</summary>
    internal static int CapacityOf(int buckets) => buckets * Constants.FlowBucketEntries / 2;

    /// <summary>Remembered flows that are not idle, by id of the server.</summary>
    internal long[] CountByServer() => Count(0);

    /// <summary>Sets the loads that least-connections choices compare, from the flows that are not idle. A choice that is made
    /// meanwhile may be counted or not; the next time sets it right.</summary>
    internal void CountConnections()
    {
        var counts = Count(Constants.FlowCounted);
        var connections = maps.ConnectionCounts;
        for (var id = 0; id < counts.Length; id++)
        {
            if (connections[id] != (ulong)counts[id])
                connections[id] = (ulong)counts[id];
        }
    }

    private long[] Count(uint flag)
    {
        var counts = new long[Constants.ServerCapacity];
        var flows = maps.Flows;
        var keys = maps.FlowKeys;
        var profiles = maps.Active.Profiles;
        var now = Ticks.Now;
        for (var i = 0; i < flows.Length; i++)
        {
            if (flows[i].Id > Constants.FlowBusy && (flows[i].Server & flag) == flag && IsAlive(flows[i], keys[i], profiles, now))
                counts[flows[i].Server & Constants.ServerCapacity - 1]++;
        }
        return counts;
    }

    /// <summary>Forgets the flows of servers, so that their numbers can be given to others. No packet may name them any more.</summary>
    internal void Remove(IReadOnlyCollection<int> servers)
    {
        if (servers.Count == 0)
            return;
        var isRemoved = new bool[Constants.ServerCapacity];
        foreach (var id in servers)
            isRemoved[id] = true;
        foreach (ref var flow in maps.Flows)
        {
            var id = flow.Id;
            // If a packet has just taken the place for another flow, the id differs and stays.
            if (id > Constants.FlowBusy && isRemoved[flow.Server & Constants.FlowServerMask])
                Interlocked.CompareExchange(ref flow.Id, 0, id);
        }
        foreach (var id in servers)
            maps.ConnectionCounts[id] = 0;
    }

    /// <summary>Hands over every flow that is not idle, in no order; one that a packet changes meanwhile may be left out.</summary>
    /// <param name="servers">Server ids and who they are; flows of others are left out.</param>
    /// <param name="services">Service ids and their names.</param>
    /// <param name="visit">Takes one.</param>
    internal void Visit(IReadOnlyDictionary<int, ServerKey> servers, IReadOnlyDictionary<int, string> services, Action<TrackedFlow> visit)
    {
        var flows = maps.Flows;
        var keys = maps.FlowKeys;
        var profiles = maps.Active.Profiles;
        var now = Ticks.Now;
        for (var i = 0; i < flows.Length; i++)
        {
            var id = Volatile.Read(ref flows[i].Id);
            if (id <= Constants.FlowBusy)
                continue;
            var (flow, key) = (flows[i], keys[i]);
            // The program takes the id away before it writes another flow: with the same id before and after, it is one flow.
            if (Volatile.Read(ref flows[i].Id) != id || !IsAlive(flow, key, profiles, now)
                || !servers.TryGetValue((int)(flow.Server & Constants.FlowServerMask), out var server))
                continue;
            var isIpv6 = key.Family == 6;
            var ports = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(key.Ports) : key.Ports;
            visit(new TrackedFlow(
                services.GetValueOrDefault(key.Service, ""),
                new Forwarding.Flow(Wire.Address(key.Source, isIpv6), Wire.Address(key.Destination, isIpv6), key.Protocol, (ushort)(ports >> 16), (ushort)ports),
                server, Ticks.Length(Since(flow.Seen, now)), Ticks.Length(Since(key.Since, now))));
        }
    }

    /// <summary>A packet may be newer than this clock was read.</summary>
    private static uint Since(uint tick, uint now) => (uint)Math.Max((int)(now - tick), 0);

    /// <summary>As idle_timeout() of src/bpf/flow_table.h.</summary>
    private static bool IsAlive(in Layout.Flow flow, in FlowKey key, Span<Profile> profiles, uint now)
    {
        ref readonly var profile = ref profiles[key.Profile & Constants.Profiles - 1];
        var timeout = profile.PersistenceTimeout != 0 ? profile.PersistenceTimeout
            : key.Protocol == (byte)Model.TransportProtocol.Udp ? profile.UdpTimeout
            : key.Protocol != (byte)Model.TransportProtocol.Tcp ? profile.OtherTimeout
            : (flow.Server & Constants.FlowRst) != 0 && profile.RstTimeout != 0 ? profile.RstTimeout
            : (flow.Server & Constants.FlowFin) != 0 && profile.FinTimeout != 0 ? profile.FinTimeout
            : profile.TcpTimeout;
        return Since(flow.Seen, now) <= timeout;
    }
}
