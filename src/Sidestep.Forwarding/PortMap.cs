using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Which service takes a packet to a VIP: services may overlap, this says who wins.</summary>
/// <remarks>
/// A packet is a number of 24 bits, <c>protocol &lt;&lt; 16 | port</c>; the port of a protocol without ports is 0. Of the services
/// that cover the number, the narrowest wins: one port before a range, a shorter range before a longer one, any range
/// before any port, any port before any protocol. Of a VIP inside a VIP prefix, only the longest prefix counts: it does not
/// fall back to the services of the wider one.
/// </remarks>
/// <param name="Vips">In the order of <see cref="ForwardingTables.Vips"/>.</param>
public sealed record PortMap(ImmutableArray<VipPorts> Vips)
{
    /// <summary>The largest number that a packet can have.</summary>
    public const int Largest = 0xffffff;

    /// <summary>The number of a packet.</summary>
    public static int Number(int protocol, int port) => protocol << 16 | port;

    /// <summary>Compiles, in time proportional to the number of port ranges times its logarithm.</summary>
    public static PortMap Of(ForwardingTables tables)
    {
        var byVip = tables.Vips.Select(static (v, i) => (v.Address, i)).ToDictionary(static v => v.Address, static v => v.i);
        var claims = tables.Vips.Select(static _ => new List<Claim>()).ToArray();
        for (var index = 0; index < tables.Services.Length; index++)
        {
            var service = tables.Services[index];
            foreach (var vip in service.Vips)
            {
                foreach (var ports in service.Ports)
                    claims[byVip[vip]].Add(Claim.Of(service, index, ports));
            }
        }
        return new PortMap([.. claims.Select(c => VipOf(c, tables.Services))]);
    }

    private static VipPorts VipOf(List<Claim> claims, ImmutableArray<ServiceEntry> services)
    {
        var intervals = Disjoint(claims);
        return new VipPorts(intervals,
            FragmentService(intervals, services, TransportProtocol.Tcp), FragmentService(intervals, services, TransportProtocol.Udp));
    }

    /// <summary>Goes along all ends of claims, and notes where the narrowest of those that cover the place changes.</summary>
    private static ImmutableArray<PortInterval> Disjoint(List<Claim> claims)
    {
        if (claims.Count == 1)
            return [new PortInterval(claims[0].First, claims[0].Last, claims[0].Service)];
        var ends = claims.SelectMany(static c => new[] { (At: c.First, Claim: c), (At: c.Last + 1, Claim: c) })
            .OrderBy(static e => e.At).ToArray();
        var covering = new SortedSet<Claim>();
        var intervals = ImmutableArray.CreateBuilder<PortInterval>();
        for (var i = 0; i < ends.Length;)
        {
            var from = ends[i].At;
            for (; i < ends.Length && ends[i].At == from; i++)
            {
                if (ends[i].Claim.First == from)
                    covering.Add(ends[i].Claim);
                else
                    covering.Remove(ends[i].Claim);
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

    /// <summary>A later fragment shows no ports: it can follow the first without memory only where no port makes a difference.</summary>
    private static int? FragmentService(ImmutableArray<PortInterval> intervals, ImmutableArray<ServiceEntry> services, TransportProtocol protocol)
    {
        int? found = null;
        foreach (var interval in intervals)
        {
            if (interval.Last < Number((int)protocol, 0) || interval.First > Number((int)protocol, ushort.MaxValue))
                continue;
            if (found is not { } former)
            {
                if (!ChoosesBySourceAlone(services[interval.Service]))
                    return null;
                found = interval.Service;
            }
            else if (former != interval.Service && !TreatAlike(services[former], services[interval.Service]))
            {
                return null;
            }
        }
        return found;
    }

    private static bool ChoosesBySourceAlone(ServiceEntry service) => service.Algorithm == Algorithm.ConsistentHash
        && service.Persistence is null && service.HashFields == HashFields.SourceAddress;

    private static bool TreatAlike(ServiceEntry first, ServiceEntry other) => ChoosesBySourceAlone(other)
        && first.Group == other.Group && first.AccessList?.Name == other.AccessList?.Name;

    /// <summary>What a service wants of a VIP. The order is that of precedence: the narrowest first, of equals the first by
    /// name, which is the lower index. (Configurations with equals are refused; tables that were made otherwise still have
    /// one meaning.)</summary>
    private readonly record struct Claim(int First, int Last, int Service) : IComparable<Claim>
    {
        public static Claim Of(ServiceEntry service, int index, PortRange ports) => service.Protocol == TransportProtocol.Any
            ? new Claim(0, Largest, index)
            : new Claim(Number((int)service.Protocol, ports.First), Number((int)service.Protocol, ports.Last), index);

        public int CompareTo(Claim other) =>
            (Last - First, Service, First).CompareTo((other.Last - other.First, other.Service, other.First));
    }
}

/// <summary>The services of one VIP or VIP prefix.</summary>
/// <param name="Intervals">Disjoint and ascending; what is in none has no service.</param>
/// <param name="TcpFragments">Index of the service whose slot table and access list later fragments of TCP may follow without
/// memory, because every service of the VIP that takes TCP chooses the same server for them; null when there is none.</param>
/// <param name="UdpFragments">The same for UDP.</param>
public sealed record VipPorts(ImmutableArray<PortInterval> Intervals, int? TcpFragments, int? UdpFragments)
{
    /// <summary>Index of the service that takes these packets, or null.</summary>
    public int? Find(int protocol, int port)
    {
        var number = PortMap.Number(protocol, port);
        int low = 0, high = Intervals.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Intervals[middle].Last < number)
                low = middle + 1;
            else if (Intervals[middle].First > number)
                high = middle - 1;
            else
                return Intervals[middle].Service;
        }
        return null;
    }
}

/// <summary>Packets that one service takes.</summary>
/// <param name="First">The first number, see <see cref="PortMap.Number"/>.</param>
/// <param name="Last">The last number, included.</param>
/// <param name="Service">Index in <see cref="ForwardingTables.Services"/>.</param>
public readonly record struct PortInterval(int First, int Last, int Service);
