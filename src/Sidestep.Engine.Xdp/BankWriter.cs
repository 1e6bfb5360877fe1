using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Engine.Xdp;

/// <summary>Writes one whole bank of the tables, the one that no packet reads. <see cref="ServerWriter"/> writes the
/// servers.</summary>
internal sealed class BankWriter(
    TableBank bank,
    ForwardingTables tables,
    IReadOnlyDictionary<GroupKey, PlacedGroup> groups,
    Func<ServiceKey, int> serviceId,
    PrefixStore prefixes,
    ProfileTable profiles)
{
    private readonly HashSet<uint> _sets = [];

    /// <summary>Writes interfaces, peers, VIPs, services and settings of the tables into the bank.</summary>
    /// <returns>The prefix sets that the bank refers to.</returns>
    /// <exception cref="EngineException">The tables exceed a capacity.</exception>
    internal IReadOnlySet<uint> Write()
    {
        profiles.Begin();
        var services = tables.Services.Select(ServiceOf).ToArray();
        WriteInterfaces();
        WritePeers();
        WriteVips(services);
        WritePorts(services);
        if (profiles.Count > Constants.Profiles)
            throw new EngineException(
                $"{profiles.Count} different combinations of idle timeouts, persistence and policies, "
                + $"{Constants.Profiles} fit: let services share profiles");
        profiles.Write(bank.Profiles);
        var vipPrefixes = tables.Vips.Select(static (v, i) => (v.Address, i)).Where(static v => !v.Address.IsSingle());
        bank.Settings = new Settings
        {
            HashHigh = tables.HashKey.High,
            HashLow = tables.HashKey.Low,
            VipSet = NoteSet(prefixes.SetOf(vipPrefixes)),
            OnNoService = tables.OnNoService switch
            {
                RejectPolicy.Reset => Constants.RejectReset,
                RejectPolicy.Unreachable => Constants.RejectUnreachable,
                _ => Constants.RejectNone,
            },
        };
        return _sets;
    }

    private void WriteInterfaces()
    {
        var target = bank.Interfaces;
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
        var target = bank.Peers;
        target.Clear();
        for (var i = 0; i < tables.Peers.Length; i++)
            tables.Peers[i].Write(target[i].Mac);
    }

    private Service ServiceOf(Forwarding.ServiceEntry service)
    {
        var slots = groups[service.Group].Slots;
        return new Service
        {
            Id = (uint)serviceId(service.Key),
            SlotBase = (uint)slots.Current.First,
            SlotCount = (uint)slots.Current.Count,
            PreviousBase = (uint)slots.Previous.First,
            AccessSet = service.AccessList is { } list ? NoteSet(prefixes.SetOf(list)) : 0,
            Profile = profiles.IdOf(service),
            Flags = (ushort)ServiceLowering.FlagsOf(service, !tables.Peers.IsEmpty),
        };
    }

    private uint NoteSet(uint set)
    {
        if (set != 0)
            _sets.Add(set);
        return set;
    }

    private void WriteVips(Service[] services)
    {
        var byKey = tables.Services.Select(static (s, i) => (s.Key, i))
            .ToDictionary(static s => s.Key, static s => s.i);
        var ports = PortMap.Of(tables);
        var records = bank.VipRecords;
        var ranges = bank.Ranges;
        var next = 0;
        for (var id = 0; id < tables.Vips.Length; id++)
        {
            var vip = tables.Vips[id];
            var vipPorts = ports.Vips[id];
            if (next + vipPorts.Intervals.Length > ranges.Length)
                throw new EngineException(
                    $"more than {ranges.Length} ranges of ports in all: join ranges, or use 'ports: any'");
            var record = new VipRecord
            {
                Flags = FlagsOf(vip) | ProtocolsOf(vipPorts),
                RangeBase = (uint)next,
                RangeCount = (uint)vipPorts.Intervals.Length,
            };
            foreach (var interval in vipPorts.Intervals)
            {
                ranges[next++] = new Layout.Range
                {
                    First = (uint)interval.First,
                    Last = (uint)interval.Last,
                    Service = services[interval.Service],
                };
            }
            if (vipPorts.Of(IpProtocol.Tcp).Fragments is { } tcp)
                record.Fragments[0] = services[tcp];
            if (vipPorts.Of(IpProtocol.Udp).Fragments is { } udp)
                record.Fragments[1] = services[udp];
            if (vipPorts.Of(IpProtocol.Sctp).Fragments is { } sctp)
                record.SctpFragments = record.RangeBase + 1
                    + (uint)vipPorts.Intervals.IndexOf(vipPorts.Intervals.First(i => i.Service == sctp));
            if (vip.EchoService is { } echo)
                record.Echo = services[byKey[echo]];
            records[id] = record;
        }
        PlaceVips();
    }

    /// <summary>The protocols that services of the VIP match. One that matches UDP-Lite matches every
    /// protocol.</summary>
    private static uint ProtocolsOf(VipPorts ports)
    {
        uint Flag(IpProtocol protocol, uint flag) => ports.Of(protocol).HasService ? flag : 0;
        return Flag(IpProtocol.Tcp, Constants.VipHasTcp) | Flag(IpProtocol.Udp, Constants.VipHasUdp)
            | Flag(IpProtocol.Sctp, Constants.VipHasSctp) | Flag(IpProtocol.UdpLite, Constants.VipHasAny);
    }

    private static ushort FlagsOf(VipEntry vip) => (ushort)(Constants.VipUsed
        | (vip.RespondsToArp ? Constants.VipReplyArp : 0)
        | vip.Echo switch
        {
            EchoAction.Reply => Constants.VipReplyEcho,
            EchoAction.Forward => Constants.VipForwardEcho,
            _ => 0,
        });

    private void PlaceVips()
    {
        var vips4 = new List<Layout.Vip>();
        var vips6 = new List<Vip6>();
        for (var id = 0; id < tables.Vips.Length; id++)
        {
            var vip = tables.Vips[id];
            var address = vip.Address.BaseAddress;
            if (!vip.Address.IsSingle())
                continue;
            if (Wire.IsIpv6(address))
                vips6.Add(new Vip6 { Address = Wire.Words(address), Id = (ushort)id, Flags = FlagsOf(vip) });
            else
                vips4.Add(new Layout.Vip { Address = Wire.Word(address), Id = (ushort)id, Flags = FlagsOf(vip) });
        }
        OpenAddressing.Place(CollectionsMarshal.AsSpan(vips4), bank.Vips);
        OpenAddressing.Place(CollectionsMarshal.AsSpan(vips6), bank.Vips6);
    }

    /// <summary>Writes the services on a single port of a single VIP, which packets find without the VIP's
    /// record.</summary>
    private void WritePorts(Service[] services)
    {
        var ports4 = new List<Layout.ServiceEntry>();
        var ports6 = new List<Service6Entry>();
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
                    {
                        var address = Wire.Words(vip.BaseAddress);
                        ports6.Add(new Service6Entry { Address = address, Key = key, Service = services[i] });
                    }
                    else
                    {
                        var addressAndKey = (ulong)Wire.Word(vip.BaseAddress) << 32 | key;
                        ports4.Add(new Layout.ServiceEntry { Key = addressAndKey, Service = services[i] });
                    }
                }
            }
        }
        Check(ports4.Count, "IPv4");
        Check(ports6.Count, "IPv6");
        OpenAddressing.Place(CollectionsMarshal.AsSpan(ports4), bank.Services);
        OpenAddressing.Place(CollectionsMarshal.AsSpan(ports6), bank.Services6);
    }

    private static void Check(int ports, string family)
    {
        const int Most = Constants.ServiceEntries / 4 * 3;
        if (ports > Most)
            throw new EngineException(
                $"{ports} single ports of {family} VIPs, {Most} fit: use ranges, or 'ports: any'");
    }
}
