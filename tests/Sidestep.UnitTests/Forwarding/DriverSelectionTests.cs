using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Which driver automatic choice takes, and the command that would cure what keeps it from a better one.</summary>
public sealed class DriverSelectionTests
{
    private static readonly InterfaceCapabilities Capable = new() { Name = "eth0", DeviceDriver = "mlx5_core", SupportsXdp = true, SupportsZeroCopy = true, Queues = 4, Cpus = 4 };

    [Fact]
    public void Native_driver_is_selected_when_nothing_prevents_it()
    {
        var selection = DriverSelection.Of(Capable);
        Assert.Equal(Driver.Native, selection.Chosen);
        Assert.Equal(EngineKind.Xdp, selection.Engine);
        Assert.Empty(selection.Notes);
        Assert.Equal(Driver.AfXdp, DriverSelection.Of(Capable, EngineKind.Managed).Chosen);
    }

    public static TheoryData<string, InterfaceCapabilities, Driver?, Driver?, string?> Obstacles => new()
    {
        { "jumbo", Capable with { MtuBytes = 9000 }, Driver.Generic, Driver.AfPacket, "ip link set dev eth0 mtu 1500" },
        { "LRO", Capable with { HasLro = true }, Driver.Generic, Driver.AfPacket, "ethtool -K eth0 lro off" },
        { "hardware GRO", Capable with { HasHardwareGro = true }, Driver.Generic, Driver.AfPacket, "ethtool -K eth0 rx-gro-hw off" },
        { "no XDP", Capable with { SupportsXdp = false }, Driver.Generic, Driver.AfPacket, null },
        { "queues", Capable with { Queues = 32 }, Driver.Native, Driver.AfPacket, "ethtool -L eth0 combined 16" },
        { "another program", Capable with { OtherProgram = "the XDP program 'x'" }, Driver.AfPacket, Driver.AfPacket, "ip link set dev eth0 xdpdrv off" },
        { "no libbpf", Capable with { HasLibbpf = false }, Driver.AfPacket, Driver.AfPacket, "apt-get install libbpf1" },
        { "no capability", Capable with { MissingBpfCapabilities = ["CAP_BPF"] }, Driver.AfPacket, Driver.AfPacket, "run it as root, or give its unit AmbientCapabilities=CAP_BPF CAP_NET_RAW" },
        { "old kernel", Capable with { Kernel = new Version(5, 15) }, Driver.AfPacket, Driver.AfPacket, "run Linux 6.1 or newer" },
        { "port of a bond", Capable with { Master = "bond0", MasterKind = "bond" }, null, null, "write bond0 in director.interfaces" },
        { "nothing allowed", Capable with { MissingBpfCapabilities = ["CAP_NET_ADMIN"], LacksNetRaw = true }, null, null, "run it as root, or give its unit AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Every_obstacle_has_its_remedy(string what, InterfaceCapabilities capabilities, Driver? chosen, Driver? managed, string? remedy)
    {
        var selection = DriverSelection.Of(capabilities);
        Assert.True(chosen == selection.Chosen, $"{what}: {selection.Chosen}");
        Assert.True(managed == DriverSelection.Of(capabilities, EngineKind.Managed).Chosen, what);
        var obstacles = selection.Drivers.SelectMany(static d => d.Obstacles).ToArray();
        Assert.NotEmpty(obstacles);
        if (remedy is not null)
            Assert.Contains(obstacles, o => o.Remedy == remedy);
    }

    [Fact]
    public void No_remedy_is_given_when_it_would_remove_only_one_of_two_obstacles()
    {
        var native = DriverSelection.Of(Capable with { SupportsXdp = false, HasLro = true }).Drivers.Single(static d => d.Driver == Driver.Native);
        Assert.Equal(2, native.Obstacles.Length);
        Assert.All(native.Obstacles, static o => Assert.Null(o.Remedy));
    }

    [Fact]
    public void Reason_against_a_better_driver_includes_the_remedy_in_one_line() =>
        Assert.Equal("its MTU of 9000 does not fit one page: at most 3506 does (remedy: ip link set dev eth0 mtu 1500)",
            DriverSelection.Of(Capable with { MtuBytes = 9000 }).FallbackReason(Driver.Generic));
}
