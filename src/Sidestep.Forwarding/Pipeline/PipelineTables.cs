using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary><see cref="ForwardingTables"/> in the form that the pipeline looks up. Immutable: a change creates another
/// instance, and each packet uses a single one.</summary>
public sealed class PipelineTables
{
    private PipelineTables(ForwardingTables origin) => Origin = origin;

    /// <summary>The tables that these were made from.</summary>
    public ForwardingTables Origin { get; }

    internal ulong HashHigh { get; private init; }

    internal ulong HashLow { get; private init; }

    internal InterfaceRecord[] Interfaces { get; private init; } = [];

    /// <summary>Ethernet addresses of other directors, as words read little-endian from the wire.</summary>
    internal ulong[] Peers { get; private init; } = [];

    /// <summary>What the sender of a packet to a VIP gets that no service matches.</summary>
    internal RejectPolicy OnNoService { get; private init; }

    /// <summary>Indexes in <see cref="Vips"/> of single IPv4 VIPs.</summary>
    internal AddressTable Vips4 { get; private init; } = new([]);

    /// <summary>Indexes in <see cref="Vips"/> of single IPv6 VIPs.</summary>
    internal AddressTable Vips6 { get; private init; } = new([]);

    /// <summary>Indexes in <see cref="Vips"/> of VIP prefixes.</summary>
    internal PrefixTable VipPrefixes { get; private init; } = new([]);

    internal VipRecord[] Vips { get; private init; } = [];

    /// <summary>In the order of <see cref="ForwardingTables.Services"/>.</summary>
    internal ServiceRecord[] Services { get; private init; } = [];

    /// <summary>Servers by ID; null: none, or one without a next hop.</summary>
    internal ServerRecord?[] Servers { get; private init; } = [];

    internal Dictionary<GroupKey, GroupRecord> Groups { get; private init; } = [];

    /// <summary>Converts compiled tables.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="idMap">IDs of services and servers; every one of the tables has an ID.</param>
    /// <param name="previous">The previous tables, whose unchanged parts are reused; null: none.</param>
    internal static PipelineTables Of(ForwardingTables tables, IdMap idMap, PipelineTables? previous)
    {
        var uses = GroupUse.Of(tables);
        var groups = tables.Groups.ToDictionary(static g => g.Key, g => GroupRecord.Of(
            g, idMap, uses.GetValueOrDefault(g.Key), previous?.Groups.GetValueOrDefault(g.Key)));
        var access = new Dictionary<AccessList, PrefixTable>(ReferenceEqualityComparer.Instance);
        var services = tables.Services.Select(s => ServiceOf(
            s, ServiceLowering.FlagsOf(s, !tables.Peers.IsEmpty), idMap, groups[s.Group], access)).ToArray();
        var servers = new ServerRecord?[idMap.MaxServerId + 1];
        foreach (var server in groups.Values.SelectMany(static g => g.Servers).OfType<ServerRecord>())
            servers[server.Id] = server;
        var vips = tables.Vips.Select(static (v, i) => (v.Address, Number: i)).ToArray();
        var single = vips.Where(static v => v.Address.IsSingle()).ToArray();
        return new PipelineTables(tables)
        {
            HashHigh = tables.HashKey.High,
            HashLow = tables.HashKey.Low,
            OnNoService = tables.OnNoService,
            Interfaces = [.. tables.Interfaces.Select(static i => new InterfaceRecord(i))],
            Peers = [.. tables.Peers.Select(static p => InterfaceRecord.Word(p))],
            Vips4 = AddressesOf(single.Where(static v => !IsIpv6(v.Address))),
            Vips6 = AddressesOf(single.Where(static v => IsIpv6(v.Address))),
            VipPrefixes = new PrefixTable(vips.Where(static v => !v.Address.IsSingle())),
            Vips = VipsOf(tables, services),
            Services = services,
            Servers = servers,
            Groups = groups,
        };
    }

    /// <summary>The ingress interface of a frame; null: it is none of the director's. If the director has only one, it
    /// is not looked up: a bond reports the index of the receiving port instead of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal InterfaceRecord? IngressInterface(int index)
    {
        var interfaces = Interfaces;
        return interfaces.Length == 1 ? interfaces[0] : IngressInterface(interfaces, index);
    }

    private static InterfaceRecord? IngressInterface(InterfaceRecord[] interfaces, int index)
    {
        foreach (var one in interfaces)
        {
            if (one.Index == index)
                return one;
        }
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ServerRecord? Server(int id)
    {
        var servers = Servers;
        return (uint)id < (uint)servers.Length ? servers[id] : null;
    }

    private static AddressTable AddressesOf(IEnumerable<(IPNetwork Address, int Number)> vips) =>
        new([.. vips.Select(static v => Key(v.Address, v.Number))]);

    private static ServiceRecord ServiceOf(
        ServiceEntry service, ServiceProperties flags, IdMap idMap, GroupRecord group,
        Dictionary<AccessList, PrefixTable> access)
    {
        PrefixTable? prefixes = null;
        if (service.AccessList is { } list && !access.TryGetValue(list, out prefixes))
        {
            prefixes = new PrefixTable(list.Allow.Select(static p => (p, 1))
                .Concat(list.Deny.Select(static p => (p, 0))));
            access.Add(list, prefixes);
        }
        return new ServiceRecord
        {
            Id = idMap.Services[service.Key],
            Entry = service,
            Slots = group.Slots,
            PreviousServers = group.PreviousServers,
            HashFields = service.HashFields,
            TracksFlows = flags.HasFlag(ServiceProperties.TracksFlows),
            IsRoundRobin = flags.HasFlag(ServiceProperties.RoundRobin),
            IsLeastConnections = flags.HasFlag(ServiceProperties.LeastConn),
            HasPersistence = flags.HasFlag(ServiceProperties.Persistence),
            Access = prefixes,
            AllowsByDefault = service.AccessList?.Allow.IsEmpty ?? true,
            IdleTimeouts = IdleTimeoutTicks.Of(service),
        };
    }

    private static VipRecord[] VipsOf(ForwardingTables tables, ServiceRecord[] services)
    {
        var byKey = services.ToDictionary(static s => s.Entry.Key);
        var ports = PortMap.Of(tables).Vips;
        return [.. tables.Vips.Select((vip, i) => new VipRecord(vip,
            [.. ports[i].Intervals.Select(n => new PortRecord(n.First, n.Last, services[n.Service]))],
            [.. ports[i].Protocols.Select(p => new VipProtocol(
                p.HasService, p.Fragments is { } fragments ? services[fragments] : null))],
            vip.EchoService is { } echo ? byKey[echo] : null))];
    }

    private static bool IsIpv6(IPNetwork prefix) => prefix.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>An address as words read little-endian from the wire, as <see cref="Packet"/> holds it.</summary>
    private static (ulong, ulong, int) Key(IPNetwork vip, int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        vip.BaseAddress.TryWriteBytes(bytes, out _);
        return (System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), number);
    }
}

/// <summary>One of the director's interfaces, as the pipeline uses it.</summary>
internal sealed class InterfaceRecord(EgressInterface from)
{
    internal int Index { get; } = from.Index;

    /// <summary>Its Ethernet address in the lower six bytes of a word, as read little-endian from the wire.</summary>
    internal ulong Mac { get; } = Word(from.Mac);

    /// <summary>Its IPv4 address; null when it has none.</summary>
    internal Ipv4Address? Address { get; } = from.Address is { } address ? Ipv4Address.From(address) : null;

    /// <summary>Its global IPv6 address; null when it has none.</summary>
    internal Ipv6Address? Address6 { get; } = from.Address6 is { } address ? Ipv6Address.From(address) : null;

    internal MacAddress MacAddress { get; } = from.Mac;

    internal static ulong Word(MacAddress mac)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        mac.Write(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}

/// <summary>A group of servers, as the pipeline uses it.</summary>
/// <param name="Tables">The group that it was made from; the same object means that nothing has changed.</param>
/// <param name="Use">What its services require.</param>
/// <param name="Servers">Servers in the order of the group; null: without a next hop.</param>
/// <param name="Slots">See <see cref="ServiceRecord.Slots"/>.</param>
/// <param name="PreviousServers">See <see cref="ServiceRecord.PreviousServers"/>.</param>
internal sealed record GroupRecord(
    ServerGroup Tables, GroupUse Use, ServerRecord?[] Servers, uint[] Slots, uint[]? PreviousServers)
{
    internal static GroupRecord Of(ServerGroup group, IdMap idMap, GroupUse use, GroupRecord? before)
    {
        if (before is not null && ReferenceEquals(before.Tables, group) && before.Use == use)
            return before;
        var ids = idMap.IdsOf(group);
        return new GroupRecord(group, use,
            [.. group.Servers.Select((s, i) => ServerRecord.Of(ids[i], group, s, use.IgnoresWeights))],
            SlotWords.Of(group, ids, use.TracksFlows), SlotWords.PreviousOf(group, ids));
    }
}
