using System.Buffers.Binary;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Writes one whole half of the tables, the one that no packet reads; servers are <see cref="ServerWriter"/>'s.</summary>
internal sealed class HalfWriter(
    TableHalf half, ForwardingTables tables, IReadOnlyDictionary<GroupKey, Group> groups, Func<string, int> serviceId, PrefixStore prefixes, ProfileTable profiles)
{
    private readonly HashSet<uint> _sets = [];

    /// <summary>Writes.</summary>
    /// <returns>The sets of prefixes that the half names.</returns>
    /// <exception cref="EngineException">It does not fit.</exception>
    internal IReadOnlySet<uint> Write()
    {
        profiles.Begin();
        var services = tables.Services.Select(ServiceOf).ToArray();
        WriteInterfaces();
        WritePeers();
        WriteVips(services);
        WritePorts(services);
        if (profiles.Count > Constants.Profiles)
            throw new EngineException($"{profiles.Count} different combinations of idle timeouts, persistence and policies, {Constants.Profiles} fit: let services share profiles");
        profiles.Write(half.Profiles);
        half.Settings = new Settings
        {
            HashHigh = tables.HashKey.High,
            HashLow = tables.HashKey.Low,
            VipSet = Noted(prefixes.SetOf(tables.Vips.Select(static (v, i) => (v.Address, i)).Where(static v => !v.Address.IsSingle()))),
        };
        return _sets;
    }

    private void WriteInterfaces()
    {
        var target = half.Interfaces;
        target.Clear();
        for (var i = 0; i < tables.Interfaces.Length; i++)
        {
            var from = tables.Interfaces[i];
            from.Mac.Write(target[i].Mac);
            target[i].Ifindex = (uint)from.Index;
            target[i].Address = from.Address is { } address ? Wire.Word(address) : 0;
            target[i].Address6 = Wire.Bytes(from.Address6);
        }
    }

    private void WritePeers()
    {
        var target = half.Peers;
        target.Clear();
        for (var i = 0; i < tables.Peers.Length; i++)
            tables.Peers[i].Write(target[i].Mac);
    }

    private Service ServiceOf(Forwarding.ServiceEntry service)
    {
        var slots = groups[service.Group].Slots;
        return new Service
        {
            Id = (uint)serviceId(service.Name),
            SlotBase = (uint)slots.Current.First,
            SlotCount = (uint)slots.Current.Count,
            FormerBase = (uint)slots.Former.First,
            AccessSet = service.AccessList is { } list ? Noted(prefixes.SetOf(list)) : 0,
            Profile = profiles.NumberOf(service),
            Flags = Flags(service),
        };
    }

    private ushort Flags(Forwarding.ServiceEntry service) => (ushort)(Constants.ServiceUsed
        | (service.AccessList is not null || tables.Peers.Length > 0 ? Constants.ServiceGuarded : 0)
        | service.HashFields switch
        {
            HashFields.SourceAddressAndPort => Constants.ServiceHashPort,
            HashFields.FiveTuple => Constants.ServiceHashFive,
            HashFields.DestinationPort => Constants.ServiceHashDest,
            _ => 0,
        }
        | service.Algorithm switch
        {
            Algorithm.RoundRobin or Algorithm.WeightedRoundRobin => Constants.ServiceInTurn,
            Algorithm.LeastConnections or Algorithm.WeightedLeastConnections => Constants.ServiceLeast,
            _ => 0,
        }
        | (Remembers(service) ? Constants.ServiceRemembers : 0)
        | (service.Persistence is not null ? Constants.ServicePersists : 0));

    /// <summary>Whether every flow of the service is remembered.</summary>
    internal static bool Remembers(Forwarding.ServiceEntry service) =>
        service.Algorithm != Algorithm.ConsistentHash || service.Persistence is not null;

    private uint Noted(uint set)
    {
        if (set != 0)
            _sets.Add(set);
        return set;
    }

    private void WriteVips(Service[] services)
    {
        var byName = tables.Services.Select(static (s, i) => (s.Name, i)).ToDictionary(static s => s.Name, static s => s.i);
        var ports = PortMap.Of(tables);
        var records = half.VipRecords;
        var ranges = half.Ranges;
        var next = 0;
        for (var number = 0; number < tables.Vips.Length; number++)
        {
            var vip = tables.Vips[number];
            var its = ports.Vips[number];
            if (next + its.Intervals.Length > ranges.Length)
                throw new EngineException($"more than {ranges.Length} ranges of ports in all: join ranges, or use 'ports: any'");
            var record = new VipRecord { Flags = FlagsOf(vip) | Takes(its, TransportProtocol.Tcp, Constants.VipHasTcp) | Takes(its, TransportProtocol.Udp, Constants.VipHasUdp), RangeBase = (uint)next, RangeCount = (uint)its.Intervals.Length };
            foreach (var interval in its.Intervals)
                ranges[next++] = new Layout.Range { First = (uint)interval.First, Last = (uint)interval.Last, Service = services[interval.Service] };
            if (its.TcpFragments is { } tcp)
                record.Fragments[0] = services[tcp];
            if (its.UdpFragments is { } udp)
                record.Fragments[1] = services[udp];
            if (vip.EchoService is { } echo)
                record.Echo = services[byName[echo]];
            records[number] = record;
        }
        PlaceVips();
    }

    private static uint Takes(VipPorts ports, TransportProtocol protocol, uint flag) =>
        ports.Intervals.Any(i => i.Last >= PortMap.Number((int)protocol, 0) && i.First <= PortMap.Number((int)protocol, ushort.MaxValue)) ? flag : 0;

    private static ushort FlagsOf(VipEntry vip) => (ushort)(Constants.VipUsed | (vip.AnswersArp ? Constants.VipAnswerArp : 0) | vip.Echo switch
    {
        EchoAction.Answer => Constants.VipAnswerEcho,
        EchoAction.Forward => Constants.VipForwardEcho,
        _ => 0,
    });

    private void PlaceVips()
    {
        var single = tables.Vips.Select(static (v, i) => (Vip: v, Number: (ushort)i)).Where(static v => v.Vip.Address.IsSingle()).ToArray();
        OpenAddressing.Place(single.Where(static v => !Wire.IsIpv6(v.Vip.Address.BaseAddress))
            .Select(static v => new Layout.Vip { Address = Wire.Word(v.Vip.Address.BaseAddress), Number = v.Number, Flags = FlagsOf(v.Vip) }).ToArray(), half.Vips);
        OpenAddressing.Place(single.Where(static v => Wire.IsIpv6(v.Vip.Address.BaseAddress))
            .Select(static v => new Vip6 { Address = Wire.Words(v.Vip.Address.BaseAddress), Number = v.Number, Flags = FlagsOf(v.Vip) }).ToArray(), half.Vips6);
    }

    /// <summary>Services on a single port of a single VIP are found without their VIP.</summary>
    private void WritePorts(Service[] services)
    {
        var four = new List<Layout.ServiceEntry>();
        var six = new List<Service6Entry>();
        for (var i = 0; i < services.Length; i++)
        {
            var service = tables.Services[i];
            if (service.Protocol == TransportProtocol.Any)
                continue;
            foreach (var vip in service.Vips.Where(static v => v.IsSingle()))
            {
                foreach (var ports in service.Ports.Where(static p => p.First == p.Last))
                {
                    var key = (uint)service.Protocol << 16 | BinaryPrimitives.ReverseEndianness(ports.First);
                    if (Wire.IsIpv6(vip.BaseAddress))
                        six.Add(new Service6Entry { Address = Wire.Words(vip.BaseAddress), Key = key, Service = services[i] });
                    else
                        four.Add(new Layout.ServiceEntry { Key = (ulong)Wire.Word(vip.BaseAddress) << 32 | key, Service = services[i] });
                }
            }
        }
        Check(four.Count, "IPv4");
        Check(six.Count, "IPv6");
        OpenAddressing.Place(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(four), half.Services);
        OpenAddressing.Place(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(six), half.Services6);
    }

    private static void Check(int ports, string family)
    {
        const int Most = Constants.ServiceEntries / 4 * 3;
        if (ports > Most)
            throw new EngineException($"{ports} single ports of {family} VIPs, {Most} fit: use ranges, or 'ports: any'");
    }
}
