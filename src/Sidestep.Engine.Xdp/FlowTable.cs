using System.Buffers.Binary;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Engine.Xdp;

/// <summary>The tracked flows as user space sees them: counts, lists and removes them.</summary>
internal sealed class FlowTable(StateMaps maps)
{
    /// <summary>Number of buckets of a table for that many flows: twice as many entries as flows, so that few buckets
    /// fill up.</summary>
    internal static int BucketsFor(int flows) =>
        (int)System.Numerics.BitOperations.RoundUpToPowerOf2(
            (uint)Math.Max(2 * flows / Constants.FlowBucketEntries, 1));

    /// <summary>Number of flows that a table with that many buckets is for.</summary>
    internal static int CapacityOf(int buckets) => buckets * Constants.FlowBucketEntries / 2;

    /// <summary>Flows that are not idle, counted by server id.</summary>
    internal long[] CountByServer() => Count(0);

    /// <summary>Recounts the flows that are not idle into the connection counts, which the least-connections algorithms
    /// compare. A flow that starts meanwhile may or may not be counted; the next recount corrects it.</summary>
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
            if (flows[i].Id > Constants.FlowBusy && (flows[i].Server & flag) == flag
                && IsAlive(flows[i], keys[i], profiles, now))
                counts[flows[i].Server & Constants.ServerCapacity - 1]++;
        }
        return counts;
    }

    /// <summary>Removes the flows of servers, so that their ids can be reused. No packet may refer to these servers any
    /// more.</summary>
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
            // If a packet has just taken the entry for another flow, the id differs and stays.
            if (id > Constants.FlowBusy && isRemoved[flow.Server & Constants.FlowServerMask])
                Interlocked.CompareExchange(ref flow.Id, 0, id);
        }
        foreach (var id in servers)
            maps.ConnectionCounts[id] = 0;
    }

    /// <summary>Visits every flow that is not idle, in no particular order. A flow that a packet changes meanwhile may
    /// be skipped.</summary>
    /// <param name="servers">Servers by id; flows of other servers are skipped.</param>
    /// <param name="services">Services by id.</param>
    /// <param name="visit">Called for each flow.</param>
    internal void Visit(IReadOnlyDictionary<int, ServerKey> servers, IReadOnlyDictionary<int, ServiceKey> services,
        Action<TrackedFlow> visit)
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
            // The program clears the id before it writes another flow: with the same id before and after, it is one
            // flow.
            if (Volatile.Read(ref flows[i].Id) != id || !IsAlive(flow, key, profiles, now)
                || !servers.TryGetValue((int)(flow.Server & Constants.FlowServerMask), out var server))
                continue;
            var isIpv6 = key.Family == 6;
            var ports = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(key.Ports) : key.Ports;
            var (source, destination) = (Wire.Address(key.Source, isIpv6), Wire.Address(key.Destination, isIpv6));
            visit(new TrackedFlow(
                services.GetValueOrDefault(key.Service, ServiceKey.InDefault("")),
                new Forwarding.Flow(source, destination, key.Protocol, (ushort)(ports >> 16), (ushort)ports),
                server, Ticks.Length(Since(flow.Seen, now)), Ticks.Length(Since(key.Since, now))));
        }
    }

    /// <summary>Ticks since a time stamp; 0 when a packet is newer than the clock reading.</summary>
    private static uint Since(uint tick, uint now) => (uint)Math.Max((int)(now - tick), 0);

    /// <summary>True if the flow is within its idle timeout, as idle_timeout() of src/bpf/flow_table.h determines
    /// it.</summary>
    internal static bool IsAlive(in Layout.Flow flow, in FlowKey key, Span<Profile> profiles, uint now)
    {
        ref readonly var profile = ref profiles[key.Profile & Constants.Profiles - 1];
        var timeout = profile.PersistenceTimeout != 0 ? profile.PersistenceTimeout
            : (IpProtocol)key.Protocol is IpProtocol.Udp or IpProtocol.UdpLite ? profile.UdpTimeout
            : (IpProtocol)key.Protocol is IpProtocol.Sctp or IpProtocol.Dccp ? profile.TcpTimeout
            : (IpProtocol)key.Protocol is not IpProtocol.Tcp ? profile.OtherTimeout
            : (flow.Server & Constants.FlowRst) != 0 && profile.RstTimeout != 0 ? profile.RstTimeout
            : (flow.Server & Constants.FlowFin) != 0 && profile.FinTimeout != 0 ? profile.FinTimeout
            : profile.TcpTimeout;
        return Since(flow.Seen, now) <= timeout;
    }
}
