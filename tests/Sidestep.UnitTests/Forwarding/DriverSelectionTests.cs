using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Which driver is selected, and the remedies for what prevents a better one.</summary>
public sealed class DriverSelectionTests
{
    private static readonly InterfaceCapabilities Capable =
        new()
        {
            Name = "eth0",
            DeviceDriver = "mlx5_core",
            SupportsXdp = true,
            SupportsZeroCopy = true,
            Queues = 4,
            Cpus = 4
        };

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
        { "hardware GRO", Capable with { HasHardwareGro = true }, Driver.Generic, Driver.AfPacket,
        "ethtool -K eth0 rx-gro-hw off" },
        { "no XDP", Capable with { SupportsXdp = false }, Driver.Generic, Driver.AfPacket, null },
        { "queues", Capable with { Queues = 32 }, Driver.Native, Driver.AfPacket, "ethtool -L eth0 combined 16" },
        { "another program", Capable with { OtherProgram = "the XDP program 'x'" }, Driver.AfPacket, Driver.AfPacket,
        "ip link set dev eth0 xdpdrv off" },
        { "no libbpf", Capable with { HasLibbpf = false }, Driver.AfPacket, Driver.AfPacket,
        "apt-get install libbpf1" },
        { "no capability", Capable with { MissingBpfCapabilities = ["CAP_BPF"] }, Driver.AfPacket, Driver.AfPacket,
        "run it as root, or give its unit AmbientCapabilities=CAP_BPF CAP_NET_RAW" },
        { "old kernel", Capable with { Kernel = new Version(5, 15) }, Driver.AfPacket, Driver.AfPacket,
        "run Linux 6.1 or newer" },
        { "port of a bond", Capable with { Master = "bond0", MasterKind = "bond" }, null, null,
        "write bond0 in node.interfaces" },
        { "nothing allowed", Capable with { MissingBpfCapabilities = ["CAP_NET_ADMIN"], LacksNetRaw = true }, null,
        null, "run it as root, or give its unit AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Every_obstacle_has_its_remedy(
        string what, InterfaceCapabilities capabilities, Driver? chosen, Driver? managed, string? remedy)
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
        var native = DriverSelection.Of(Capable with { SupportsXdp = false, HasLro = true }).Drivers.Single(
            static d => d.Driver == Driver.Native);
        Assert.Equal(2, native.Obstacles.Length);
        Assert.All(native.Obstacles, static o => Assert.Null(o.Remedy));
    }

    [Fact]
    public void Reason_against_a_better_driver_includes_the_remedy_in_one_line() =>
        Assert.Equal("its MTU of 9000 is too large for one page: at most 3506 (remedy: ip link set dev eth0 mtu 1500)",
            DriverSelection.Of(Capable with { MtuBytes = 9000 }).FallbackReason(Driver.Generic));

    [Fact]
    public void Best_driver_has_no_reason_against_a_better_one()
    {
        Assert.Null(DriverSelection.Of(Capable).FallbackReason(Driver.Native));
        Assert.Null(DriverSelection.Of(Capable, EngineKind.Managed).FallbackReason(Driver.AfXdp));
    }

    [Fact]
    public void Reason_against_drivers_of_the_other_engine_is_left_out() => Assert.Equal(
        "the kernel has no AF_XDP (remedy: run a kernel with CONFIG_XDP_SOCKETS)",
        DriverSelection.Of(Capable with { HasXdpSockets = false, MtuBytes = 1500 }).FallbackReason(Driver.AfPacket));

    [Fact]
    public void Engine_without_a_working_driver_is_rejected_with_every_obstacle_once()
    {
        var selection = DriverSelection.Of(Capable with { HasLibbpf = false, Kernel = new Version(5, 15) });
        Assert.Equal("libbpf.so.1 is missing (remedy: apt-get install libbpf1);"
            + " Linux 5.15 is older than 6.1 (remedy: run Linux 6.1 or newer)",
                selection.RejectionReason(EngineKind.Xdp));
        Assert.Null(selection.RejectionReason(EngineKind.Managed));
    }

    [Fact]
    public void Missing_interface_is_reported_with_the_existing_ones()
    {
        var selection = DriverSelection.Of(Capable with { Name = "eth9", OtherInterfaces = ["lo", "eth0"] });
        Assert.Null(selection.Chosen);
        Assert.Null(selection.Engine);
        Assert.All(selection.Drivers, static d => Assert.Contains(d.Obstacles, static o =>
            o.Reason == "there is no interface 'eth9'; this machine has lo, eth0"));
    }

    [Fact]
    public void Interface_without_an_Ethernet_header_has_no_driver() =>
        Assert.Null(DriverSelection.Of(Capable with { IsEthernet = false }).Chosen);

    [Theory]
    [InlineData(Driver.Native, true)]
    [InlineData(Driver.Generic, true)]
    [InlineData(Driver.AfPacket, true)]
    [InlineData(Driver.AfXdp, false)] // the sockets of a bond get no frames
    public void Bond_works_with_every_driver_except_AF_XDP(Driver driver, bool works) => Assert.Equal(works,
        DriverSelection.Of(Capable with { Kind = "bond" }).Drivers.Single(d => d.Driver == driver).Works);

    [Fact]
    public void Program_in_generic_mode_is_detached_in_generic_mode()
    {
        var selection = DriverSelection.Of(
            Capable with { OtherProgram = "the XDP program 'x'", OtherProgramIsGeneric = true });
        Assert.Contains(new Obstacle("the XDP program 'x' is attached to it", "ip link set dev eth0 xdpgeneric off"),
            selection.Drivers.Single(static d => d.Driver == Driver.Generic).Obstacles);
    }

    public static TheoryData<string, InterfaceCapabilities, string, string?> Notes => new()
    {
        { "down", Capable with { IsUp = false }, "it is down, and receives no frames", "ip link set dev eth0 up" },
        {
            "veth without GRO at its peer", Capable with { Kind = "veth", Peer = "eth1", PeerAcceptsXdp = false },
            "a veth drops frames that XDP sends back unless its other end has an XDP program or GRO",
            "ethtool -K eth1 gro on"
        },
        {
            "veth of another namespace", Capable with { Kind = "veth" },
            "a veth drops frames that XDP sends back unless its other end, which is in another network namespace,"
                + " has an XDP program or GRO", "there: ethtool -K PEER gro on"
        },
        {
            "veth", Capable with { Kind = "veth", Peer = "eth1", PeerAcceptsXdp = true },
            "senders on this machine must compute checksums themselves: XDP cannot see a checksum that was left to"
                + " offload",
            "there: ethtool -K PEER tx off"
        },
        {
            "virtio_net with too few queues", Capable with { DeviceDriver = "virtio_net", Queues = 7 },
            "virtio_net sends by XDP without locks only with two queues per CPU",
            "give the machine 8 queues, then ethtool -L eth0 combined 4"
        },
        {
            "fewer queues than CPUs", Capable with { Queues = 3 }, "3 of 4 CPUs receive frames, one per queue",
            "ethtool -L eth0 combined 4"
        },
        {
            "separate queues", Capable with { Queues = 3, QueuesAreCombined = false },
            "3 of 4 CPUs receive frames, one per queue", "ethtool -L eth0 rx 4 tx 4"
        },
    };

    [Theory]
    [MemberData(nameof(Notes))]
    public void Note_has_its_remedy(string what, InterfaceCapabilities capabilities, string reason, string? remedy)
    {
        var selection = DriverSelection.Of(capabilities);
        Assert.Equal(Driver.Native, selection.Chosen);
        // A note on checksum offload follows that on the other end of a veth.
        Assert.True(selection.Notes[0] == new Obstacle(reason, remedy),
            $"{what}: {string.Join("; ", selection.Notes)}");
        Assert.Equal(capabilities is { Kind: not null, PeerAcceptsXdp: not true } ? 2 : 1, selection.Notes.Length);
    }

    [Theory]
    [InlineData(true, "the device offers zero copy for AF_XDP: sidestep status shows whether its queues use it")]
    [InlineData(false, "the device has no zero copy for AF_XDP: the kernel copies every frame")]
    [InlineData(null, null)]
    public void Zero_copy_of_the_device_is_noted_with_AF_XDP(bool? supports, string? note) => Assert.Equal(
        note is null ? [] : [new Obstacle(note, null)],
        DriverSelection.Of(Capable with { SupportsZeroCopy = supports }, EngineKind.Managed).Notes);

    [Fact]
    public void Notes_on_XDP_are_left_out_with_packet_sockets() => Assert.Empty(
        DriverSelection.Of(Capable with { HasLibbpf = false, Kind = "veth", Queues = 1 }).Notes);

    [Theory]
    [InlineData(1500, true)]
    [InlineData(3506, true)]
    [InlineData(3507, false)]
    public void Native_driver_needs_a_page_per_frame(int mtu, bool works) => Assert.Equal(works,
        DriverSelection.Of(Capable with { MtuBytes = mtu }).Chosen == Driver.Native);

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public void AF_XDP_serves_at_most_16_queues(int queues, bool works) => Assert.Equal(works,
        DriverSelection.Of(Capable with { Queues = queues }, EngineKind.Managed).Chosen == Driver.AfXdp);
}
