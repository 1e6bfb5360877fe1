using System.Collections.Immutable;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>Maps packets to the services of a VIP. Services may overlap: the map resolves their precedence.</summary>
/// <remarks>
/// A packet is a number of 24 bits, <c>protocol &lt;&lt; 16 | port</c>; the port of a protocol without ports is 0. Of
/// the services that cover the number, the narrowest wins: one port before a range, a shorter range before a longer
/// one, any range before any port, any port before any protocol. For a VIP inside a VIP prefix, only the longest prefix
/// counts: packets do not fall back to the services of the wider one. </remarks>
/// <param name="Vips">The services of each VIP, in the order of <see cref="ForwardingTables.Vips"/>.</param>
public sealed record PortMap(ImmutableArray<VipPorts> Vips)
{
    /// <summary>The largest number that a packet can have.</summary>
    public const int MaxKey = 0xffffff;

    /// <summary>The IP protocols whose packets have ports. Services name TCP, UDP and SCTP; only services on every
    /// protocol match UDP-Lite and DCCP.</summary>
    public static ImmutableArray<IpProtocol> ProtocolsWithPorts { get; } =
        [IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Sctp, IpProtocol.UdpLite, IpProtocol.Dccp];

    /// <summary>Index of a protocol in <see cref="ProtocolsWithPorts"/>; negative when it has no ports.</summary>
    public static int IndexOf(int protocol) => ProtocolsWithPorts.IndexOf((IpProtocol)protocol);

    /// <summary>The number of a packet, 0 to <see cref="MaxKey"/>.</summary>
    public static int Key(int protocol, int port) => protocol << 16 | port;

    /// <summary>Compiles the map, in time proportional to n log n for n port ranges.</summary>
    public static PortMap Of(ForwardingTables tables)
    {
        var byVip = tables.Vips.Select(static (v, i) => (v.Address, i))
            .ToDictionary(static v => v.Address, static v => v.i);
        var candidates = tables.Vips.Select(static _ => new List<Candidate>()).ToArray();
        for (var index = 0; index < tables.Services.Length; index++)
        {
            var service = tables.Services[index];
            foreach (var vip in service.Vips)
            {
                foreach (var ports in service.Ports)
                    candidates[byVip[vip]].Add(Candidate.Of(service, index, ports));
            }
        }
        return new PortMap([.. candidates.Select(c => VipOf(c, tables.Services))]);
    }

    private static VipPorts VipOf(List<Candidate> candidates, ImmutableArray<ServiceEntry> services)
    {
        var intervals = Disjoint(candidates);
        return new VipPorts(intervals,
            [.. ProtocolsWithPorts.Select(p => ProtocolOf(intervals, services, (int)p))]);
    }

    /// <summary>Sweeps over the ends of all candidates: an interval ends where the narrowest covering candidate
    /// changes.</summary>
    private static ImmutableArray<PortInterval> Disjoint(List<Candidate> candidates)
    {
        if (candidates.Count == 1)
            return [new PortInterval(candidates[0].First, candidates[0].Last, candidates[0].Service)];
        var ends = candidates
            .SelectMany(static c => new[] { (At: c.First, Candidate: c), (At: c.Last + 1, Candidate: c) })
            .OrderBy(static e => e.At).ToArray();
        var covering = new SortedSet<Candidate>();
        var intervals = ImmutableArray.CreateBuilder<PortInterval>();
        for (var i = 0; i < ends.Length;)
        {
            var from = ends[i].At;
            for (; i < ends.Length && ends[i].At == from; i++)
            {
                if (ends[i].Candidate.First == from)
                    covering.Add(ends[i].Candidate);
                else
                    covering.Remove(ends[i].Candidate);
            }
            if (covering.Count == 0)
                continue;
            var next = new PortInterval(from, ends[i].At - 1, covering.Min.Service);
            if (intervals.Count > 0 && intervals[^1].Last == from - 1 && intervals[^1].Service == next.Service)
                intervals[^1] = intervals[^1] with { Last = next.Last };
            else
                intervals.Add(next);
        }
        return intervals.ToImmutable();
    }

    /// <summary>A later fragment has no ports. It can follow its first fragment without the fragment table only where
    /// every port leads to the same server.</summary>
    private static PortsOfProtocol ProtocolOf(
        ImmutableArray<PortInterval> intervals, ImmutableArray<ServiceEntry> services, int protocol)
    {
        int? found = null;
        foreach (var interval in intervals)
        {
            if (interval.Last < Key(protocol, 0) || interval.First > Key(protocol, ushort.MaxValue))
                continue;
            if (found is not { } previous)
            {
                if (!PlacesFragmentsBySource(services[interval.Service], protocol))
                    return new PortsOfProtocol(true, null);
                found = interval.Service;
            }
            else if (previous != interval.Service
                && !TreatAlike(services[previous], services[interval.Service], protocol))
            {
                return new PortsOfProtocol(true, null);
            }
        }
        return new PortsOfProtocol(found is not null, found);
    }

    /// <summary>True if fragments need no ports: the service hashes the source address alone anyway, or does so for
    /// fragments.</summary>
    private static bool PlacesFragmentsBySource(ServiceEntry service, int protocol) =>
        service.Algorithm == Algorithm.ConsistentHash && service.Persistence is null && !service.OncePerDatagram
        && (service.HashFields == HashFields.SourceAddress
            || (!service.FragmentTracking && IsOfTransport((IpProtocol)protocol)));

    /// <summary>UDP-Lite and DCCP are tracked in any case: no service names them.</summary>
    private static bool IsOfTransport(IpProtocol protocol) =>
        protocol is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp;

    private static bool TreatAlike(ServiceEntry first, ServiceEntry other, int protocol) =>
        PlacesFragmentsBySource(other, protocol)
        && first.SlotsOf == other.SlotsOf && first.AccessList?.Name == other.AccessList?.Name;

    /// <summary>A port range of a service on a VIP. The order is that of precedence: the narrowest first, of equal
    /// widths the first by name, which has the lower index. Validation rejects equal ranges; tables from other sources
    /// still have one meaning.</summary>
    private readonly record struct Candidate(int First, int Last, int Service) : IComparable<Candidate>
    {
        public static Candidate Of(ServiceEntry service, int index, PortRange ports)
        {
            var protocol = (int)service.Protocol;
            return service.Protocol == TransportProtocol.Any
                ? new Candidate(0, MaxKey, index)
                : new Candidate(Key(protocol, ports.First), Key(protocol, ports.Last), index);
        }

        public int CompareTo(Candidate other) =>
            (Last - First, Service, First).CompareTo((other.Last - other.First, other.Service, other.First));
    }
}

/// <summary>The services of one VIP or VIP prefix.</summary>
/// <param name="Intervals">Disjoint and ascending; packets outside all of them have no service.</param>
/// <param name="Protocols">What the VIP has for each of <see cref="PortMap.ProtocolsWithPorts"/>, in their
/// order.</param>
public sealed record VipPorts(ImmutableArray<PortInterval> Intervals, ImmutableArray<PortsOfProtocol> Protocols)
{
    /// <summary>What the VIP has for a protocol with ports.</summary>
    public PortsOfProtocol Of(IpProtocol protocol) => Protocols[PortMap.IndexOf((int)protocol)];

    /// <summary>Index of the service that matches these packets; null when there is none.</summary>
    public int? Find(int protocol, int port)
    {
        var key = PortMap.Key(protocol, port);
        int low = 0, high = Intervals.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Intervals[middle].Last < key)
                low = middle + 1;
            else if (Intervals[middle].First > key)
                high = middle - 1;
            else
                return Intervals[middle].Service;
        }
        return null;
    }
}

/// <summary>What a VIP has for a protocol with ports.</summary>
/// <param name="HasService">At least one of its services matches the protocol.</param>
/// <param name="Fragments">Index of a service whose slot table and access list later fragments follow without the
/// fragment table, because every service of the VIP on the protocol chooses the same server for them; null when there
/// is none.</param>
public readonly record struct PortsOfProtocol(bool HasService, int? Fragments);

/// <summary>An interval of packets that one service matches.</summary>
/// <param name="First">The first number, see <see cref="PortMap.Key"/>.</param>
/// <param name="Last">The last number, inclusive.</param>
/// <param name="Service">Index in <see cref="ForwardingTables.Services"/>.</param>
public readonly record struct PortInterval(int First, int Last, int Service);
