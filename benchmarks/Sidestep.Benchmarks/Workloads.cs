using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Benchmarks;

/// <summary>Tables for measurements: pools of 100 servers with slot tables of the default size, unless noted.</summary>
internal static class Workloads
{
    internal const int Port = 80;
    private const int Servers = 100;
    private const int FirstPort = 8000, ServicesOfAVip = 4;

    internal static readonly MacAddress DirectorMac = new(0x020000000001), RouterMac = new(0x020000000002);
    internal static readonly IPAddress NoVip = IPAddress.Parse("198.51.100.1");
    private static readonly IPAddress FirstVip = IPAddress.Parse("198.18.0.0");
    private static readonly IPAddress FirstServer = IPAddress.Parse("10.0.0.0"),
        FirstServer6 = IPAddress.Parse("2001:db8:1::");

    private static readonly EgressInterface Interface = new(
        1, "lo", DirectorMac, IPAddress.Parse("192.0.2.1"), 1500, IPAddress.Parse("2001:db8::2"));

    internal static readonly HashKey Key = new(0x243f6a8885a308d3, 0x13198a2e03707344);

    /// <summary>Address of the services 4n to 4n + 3, like in the harness.</summary>
    internal static IPAddress VipOf(int service) => Plus(FirstVip, service / ServicesOfAVip);

    /// <summary>The port of a service, like in the harness.</summary>
    internal static int PortOf(int service) => FirstPort + service % ServicesOfAVip;

    /// <summary>The own address of the server with this number.</summary>
    internal static IPAddress ServerAt(int number, bool isIpv6 = false) =>
        Plus(isIpv6 ? FirstServer6 : FirstServer, number);

    /// <summary>The Ethernet address of a server.</summary>
    internal static MacAddress MacOf(int number) => new(0x02_0001_000000 + (ulong)number);

    /// <summary>Tables of services with a pool each.</summary>
    internal static ForwardingTables Compile(params ImmutableArray<(IPAddress Vip, NetworkProfile Profile)> services) =>
        Compile(
        [.. services.Select(static s => s.Profile).Where(static p => p.Name != NetworkProfile.Default.Name).Distinct()],
        [.. services.Select(static (s, i) => PoolOf(i, Servers, SlotCounts.Default, IsIpv6(s.Vip)))],
        [.. services.Select(static (s, i) => ServiceOf($"service{i}", s.Vip, Port, i) with
        {
            NetworkProfile = s.Profile.Name == NetworkProfile.Default.Name ? null : s.Profile.Name,
        })]);

    /// <summary>Tables of the services that the harness sends to.</summary>
    /// <param name="services">Number of services.</param>
    /// <param name="serversOfPool">0: one pool for all services; otherwise a pool of this many servers for each, with
    /// the smallest slot table.</param>
    internal static ForwardingTables CompileMany(int services, int serversOfPool = 0) => Compile([],
        serversOfPool == 0
            ? [PoolOf(0, Servers, SlotCounts.Default, false)]
            : [.. Enumerable.Range(0, services).Select(i => PoolOf(i, serversOfPool, SlotCounts.All[0], false))],
        [.. Enumerable.Range(0, services)
            .Select(i => ServiceOf($"service{i}", VipOf(i), PortOf(i), serversOfPool == 0 ? 0 : i))]);

    /// <summary>The tables with some slots of one pool in transition for the whole benchmark.</summary>
    /// <param name="tables">Without transitions.</param>
    /// <param name="service">Number of the service that uses the pool.</param>
    /// <param name="every">1: all slots; 50: one of fifty.</param>
    internal static ForwardingTables InTransition(ForwardingTables tables, int service, int every) => tables with
    {
        Groups = [.. tables.Groups.Select(g => g.Key.Pool.Name != PoolName(service) ? g : g with
        {
            Transition = new Transition(
                [.. g.Slots.Slots.Select((member, slot) =>
                    slot % every == 0 ? (member + 1) % g.Servers.Length : Transition.Stable)],
                DateTimeOffset.UtcNow + TimeSpan.FromHours(1)),
        })],
    };

    /// <summary>All servers as next hops on the local segment.</summary>
    internal static NextHops NextHopsTo(IEnumerable<IPAddress> servers) => new(
        [Interface],
        servers.Distinct().Select(static (a, i) => KeyValuePair.Create(
                VrfAddress.InDefault(a), new NextHop(Interface, MacOf(i))))
            .ToDictionary(),
        ImmutableDictionary<VrfAddress, string>.Empty);

    private static ForwardingTables Compile(
        ImmutableArray<NetworkProfile> profiles, ImmutableArray<Pool> pools, ImmutableArray<VirtualService> services)
    {
        var configuration = new Configuration
        {
            Node = new NodeSettings { Interfaces = [new DirectorInterface(Interface.Name, Driver.Generic)] },
            Group = new GroupSettings { HashKey = Key },
            NetworkProfiles = profiles,
            Pools = pools,
            VirtualServices = services,
        };
        return TableCompiler.Compile(configuration,
            NextHopsTo(pools.SelectMany(static p => p.Servers).Select(static s => s.Address)));
    }

    private static Pool PoolOf(int number, int servers, int slots, bool isIpv6) => new()
    {
        Name = PoolName(number),
        Slots = slots,
        Monitors = [],
        Servers = [.. Enumerable.Range(number * servers, servers)
            .Select(i => new RealServer { Name = $"server{i}", Address = ServerAt(i, isIpv6) })],
    };

    private static string PoolName(int number) => $"pool{number}";

    private static VirtualService ServiceOf(string name, IPAddress vip, int port, int pool) => new()
    {
        Name = name,
        Vips = [new IPNetwork(vip, IsIpv6(vip) ? 128 : 32)],
        Protocol = TransportProtocol.Tcp,
        Ports = [PortRange.One(port)],
        Pool = PoolName(pool),
    };

    private static bool IsIpv6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    private static IPAddress Plus(IPAddress address, int number) => IsIpv6(address)
        ? new Ipv6Address(Ipv6Address.From(address).Value + (UInt128)number).ToIPAddress()
        : new Ipv4Address(Ipv4Address.From(address).Value + (uint)number).ToIPAddress();
}
