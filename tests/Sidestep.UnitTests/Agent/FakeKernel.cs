using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Programs;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Agent;

/// <summary>A kernel in memory: a host with <c>lo</c>, <c>eth0</c> (default route) and <c>eth1</c>. It records every
/// change in its order.</summary>
internal sealed class FakeKernel : IHostKernel
{
    public const int Lo = 1, Eth0 = 2, Eth1 = 3;
    public const uint Up = 1, Loopback = 8, NoArp = 0x80;
    private uint _lastProgram;

    public FakeKernel()
    {
        foreach (var scope in new[] { "all", "eth0", "eth1" })
        {
            foreach (var key in new[] { Sysctl.ArpIgnore, Sysctl.ArpAnnounce, Sysctl.RpFilter, Sysctl.ProxyArp,
                Sysctl.ProxyArpPrivateVlan, Sysctl.Forwarding, Sysctl.ArpFilter })
            {
                Sysctls[$"net/ipv4/conf/{scope}/{key}"] = 0;
            }
            Sysctls[$"net/ipv6/conf/{scope}/disable_ipv6"] = 0;
        }
    }

    public List<InterfaceInfo> Interfaces { get; } =
    [
        new(Lo, "lo", Up | Loopback, 772) { MtuBytes = 65536 },
        Ethernet(Eth0, "eth0"),
        Ethernet(Eth1, "eth1"),
    ];

    public List<InterfaceAddress> Addresses { get; } =
    [
        new(Lo, IPAddress.Loopback, 8, AddressScope.Host),
        new(Eth0, IPAddress.Parse("10.0.1.3"), 24, AddressScope.Universe),
        new(Eth0, IPAddress.Parse("2001:db8:1::3"), 64, AddressScope.Universe),
        new(Eth0, IPAddress.Parse("fe80::3"), 64, AddressScope.Link),
        new(Eth1, IPAddress.Parse("10.9.9.3"), 24, AddressScope.Universe),
    ];

    public List<IPNetwork> LocalPrefixes { get; } = [];

    public List<DefaultRouteInfo> DefaultRoutes { get; } =
        [new(AddressFamily.InterNetwork, Eth0, IPAddress.Parse("10.0.1.1"))];

    public bool HasIPv6 { get; set; } = true;

    public bool LoopbackHasIPv6 { get; set; } = true;

    /// <summary>Values by name; one that is missing does not exist.</summary>
    public Dictionary<string, int> Sysctls { get; } = [];

    public List<(int InterfaceIndex, IPAddress Address)> Proxies { get; } = [];

    public Dictionary<int, string> Qdiscs { get; } = [];

    public Dictionary<(int Interface, Hook Hook), List<TcFilter>> TcFilters { get; } = [];

    public Dictionary<uint, FakeProgram> Loaded { get; } = [];

    /// <summary>Tag of the programs that this agent loads, with <c>-ingress</c> or <c>-egress</c> behind it.</summary>
    public string Tag { get; set; } = "new";

    /// <summary>Every change in its order.</summary>
    public List<string> Changes { get; } = [];

    /// <summary>Why the kernel rejects a change; null: it accepts.</summary>
    public Func<string, Exception?> Rejects { get; set; } = static _ => null;

    /// <summary>How often the inventory has been read.</summary>
    public int Reads { get; private set; }

    public static InterfaceInfo Ethernet(int index, string name, uint flags = Up, int mtu = 1500) =>
        new(index, name, flags, 1) { MtuBytes = mtu, Address = new byte[] { 2, 0, 0, 0, 0, (byte)index } };

    public HostInventory Inventory() => new()
    {
        Interfaces = [.. Interfaces],
        Addresses = [.. Addresses],
        LocalPrefixes = [.. LocalPrefixes],
        DefaultRoutes = [.. DefaultRoutes],
        HasIPv6 = HasIPv6,
        LoopbackHasIPv6 = LoopbackHasIPv6,
    };

    public HostInventory ReadInventory()
    {
        Reads++;
        return Rejects("read") is { } error ? throw error : Inventory();
    }

    public int? ReadSysctl(Sysctl setting) => Sysctls.TryGetValue(setting.Name, out var value) ? value : null;

    public void WriteSysctl(Sysctl setting, int value)
    {
        Change($"{setting.Name}={value}");
        Sysctls[setting.Name] = value;
    }

    /// <summary>As the kernel does it: see <see cref="LoopbackAddresses"/>.</summary>
    public void AddVip(IPAddress vip)
    {
        Change($"add {vip}");
        Addresses.Add(vip.AddressFamily == AddressFamily.InterNetwork ? new(Lo, vip, 32, AddressScope.Host)
            : new(Lo, vip, 128, AddressScope.Universe) { IsUsable = false });
    }

    public void RemoveAddress(InterfaceAddress address)
    {
        Change($"remove {address.Address}/{address.PrefixLength}");
        Addresses.Remove(address);
    }

    public void AddLocalPrefix(IPNetwork prefix)
    {
        Change($"add {prefix}");
        LocalPrefixes.Add(prefix);
    }

    public void RemoveLocalPrefix(IPNetwork prefix)
    {
        Change($"remove {prefix}");
        LocalPrefixes.Remove(prefix);
    }

    public IReadOnlyList<(int InterfaceIndex, IPAddress Address)> NeighbourProxies() => Proxies;

    public string? Qdisc(int interfaceIndex) => Qdiscs.GetValueOrDefault(interfaceIndex);

    public void EnsureQdisc(int interfaceIndex)
    {
        if (Qdiscs.ContainsKey(interfaceIndex))
            return;
        Change($"add qdisc {interfaceIndex}");
        Qdiscs[interfaceIndex] = "clsact";
    }

    public void RemoveQdisc(int interfaceIndex)
    {
        Change($"remove qdisc {interfaceIndex}");
        Qdiscs.Remove(interfaceIndex);
    }

    public IReadOnlyList<TcFilter> Filters(int interfaceIndex, Hook hook) =>
        TcFilters.GetValueOrDefault((interfaceIndex, hook)) ?? [];

    public void DetachFilter(int interfaceIndex, Hook hook)
    {
        Change($"detach {interfaceIndex} {hook}");
        TcFilters[(interfaceIndex, hook)].RemoveAll(static f => f.Position == AttachedFilter.Place);
    }

    public IAgentPrograms LoadPrograms(AgentMaps? existing)
    {
        if (Rejects("load") is { } error)
            throw error;
        return new FakePrograms(this, existing ?? MemoryMap.NewMaps());
    }

    public IAttachedProgram OpenProgram(uint id) => Loaded[id];

    public Action OnDispose { get; set; } = static () => { };

    public Action OnProgramsDisposed { get; set; } = static () => { };

    public void Dispose() => OnDispose();

    /// <summary>Adds a filter of another program.</summary>
    public void AddForeignFilter(int interfaceIndex, Hook hook, ushort priority, uint handle, string name = "other:[1]",
        string kind = "bpf", ushort protocol = TcFilter.AllProtocols) => FiltersAt(interfaceIndex, hook).Add(
            new TcFilter(new TcFilterPosition(priority, handle), kind) { Name = name, Protocol = protocol });

    public List<TcFilter> FiltersAt(int interfaceIndex, Hook hook)
    {
        if (!TcFilters.TryGetValue((interfaceIndex, hook), out var filters))
            TcFilters[(interfaceIndex, hook)] = filters = [];
        return filters;
    }

    private void Attach(Hook hook, int interfaceIndex, bool replace, FakeProgram program)
    {
        Change($"{(replace ? "replace" : "attach")} {interfaceIndex} {hook}");
        var filters = FiltersAt(interfaceIndex, hook);
        var present = filters.RemoveAll(static f => f.Position == AttachedFilter.Place);
        Assert.Equal(replace ? 1 : 0, present);
        Assert.True(Qdiscs.ContainsKey(interfaceIndex), "attached without a qdisc");
        Loaded[++_lastProgram] = program;
        filters.Add(new TcFilter(AttachedFilter.Place, "bpf")
        {
            Name = AttachedFilter.ProgramName(hook) + ":[" + _lastProgram + "]",
            Protocol = TcFilter.AllProtocols,
            ProgramId = _lastProgram,
        });
    }

    private void Change(string change)
    {
        if (Rejects(change) is { } error)
            throw error;
        Changes.Add(change);
    }

    /// <summary>The programs that this kernel has loaded; attaching makes filters.</summary>
    private sealed class FakePrograms(FakeKernel kernel, AgentMaps maps) : IAgentPrograms
    {
        public AgentMaps Maps => maps;

        public string Tag(Hook hook) => $"{kernel.Tag}-{hook.ToString().ToLowerInvariant()}";

        public bool IsSame(Hook hook, IAttachedProgram attached) =>
            attached.Tag == Tag(hook) && ((FakeProgram)attached).Maps == MemoryMap.SetOf(maps);

        public void Attach(Hook hook, int interfaceIndex, bool replace) =>
            kernel.Attach(hook, interfaceIndex, replace, new FakeProgram(Tag(hook), MemoryMap.SetOf(maps)));

        public void Dispose() => kernel.OnProgramsDisposed();
    }
}

/// <summary>A program in the fake kernel.</summary>
/// <param name="Tag">Its tag.</param>
/// <param name="Maps">Its maps; null: an older version that lacks some.</param>
internal sealed record FakeProgram(string Tag, IReadOnlyDictionary<string, IAgentMap>? Maps) : IAttachedProgram
{
    public IReadOnlyList<uint> MapIds => [];

    public AgentMaps? OpenMaps() => Maps is null ? null : new AgentMaps(Maps);

    public void Dispose()
    {
    }
}
