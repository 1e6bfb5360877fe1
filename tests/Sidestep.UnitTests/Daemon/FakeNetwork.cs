using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Daemon;

/// <summary>The network configuration of a machine, in place of the kernel.</summary>
internal sealed class FakeNetwork : IHostNetwork
{
    public const ushort Ethernet = 1, Loopback = 772;
    public const uint Up = 1, UpWithCarrier = 0x10001;

    public static FakeNetwork Open() => new();

    public List<InterfaceInfo> Links { get; } = [];

    public List<InterfaceAddress> AllAddresses { get; } = [];

    public List<Neighbour> Entries { get; } = [];

    /// <summary>Routes by destination; a missing one is an error of the kernel.</summary>
    public Dictionary<IPAddress, Route> Routes { get; } = [];

    /// <summary>Calls that change something, in their order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Addresses for which the kernel refuses <see cref="Resolve"/>.</summary>
    public HashSet<IPAddress> Refused { get; } = [];

    public int RouteLookups { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Adds an interface with an Ethernet address that ends with its index.</summary>
    public FakeNetwork Link(int index, string name, ushort hardware = Ethernet, int mtu = 1500)
    {
        Links.Add(new InterfaceInfo(index, name, UpWithCarrier, hardware)
        {
            Address = new byte[] { 2, 0, 0, 0, 0, (byte)index },
            MtuBytes = mtu,
        });
        return this;
    }

    public FakeNetwork Address(int index, string address, AddressScope scope = AddressScope.Universe,
        bool isSecondary = false, bool isUsable = true, bool isPermanent = true)
    {
        AllAddresses.Add(new InterfaceAddress(index, IPAddress.Parse(address), 24, scope)
        {
            IsSecondary = isSecondary,
            IsUsable = isUsable,
            IsPermanent = isPermanent,
        });
        return this;
    }

    public FakeNetwork Route(string destination, int index, string? gateway = null, bool isLocal = false,
        string? source = null, int? mtu = null)
    {
        Routes[IPAddress.Parse(destination)] = new Route(index, gateway is null ? null : IPAddress.Parse(gateway),
            isLocal)
        {
            Source = source is null ? null : IPAddress.Parse(source),
            MtuBytes = mtu,
        };
        return this;
    }

    public FakeNetwork Entry(int index, string address, string mac, bool isValid = true, bool isStatic = false)
    {
        Entries.Add(new Neighbour(index, IPAddress.Parse(address), Convert.FromHexString(mac), isValid, isStatic));
        return this;
    }

    public IReadOnlyList<InterfaceInfo> Interfaces() => Links;

    public IReadOnlyList<InterfaceAddress> Addresses() => AllAddresses;

    public Route FindRoute(IPAddress destination)
    {
        RouteLookups++;
        return Routes.TryGetValue(destination, out var route) ? route : throw new NativeException("find a route", 101);
    }

    public IReadOnlyList<Neighbour> Neighbours() => [.. Entries];

    public void Resolve(int interfaceIndex, IPAddress neighbour)
    {
        if (Refused.Contains(neighbour))
            throw new NativeException($"resolve {neighbour}", 105);
        Calls.Add($"resolve {neighbour} on {interfaceIndex}");
    }

    public void Learn(int interfaceIndex, IPAddress neighbour, MacAddress mac) =>
        Calls.Add($"learn {neighbour} on {interfaceIndex} at {mac}");

    public void Dispose() => IsDisposed = true;
}
