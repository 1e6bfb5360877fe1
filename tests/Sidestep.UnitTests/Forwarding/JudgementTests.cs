using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Which driver automatic choice takes, and the command that would cure what keeps it from a better one.</summary>
public sealed class JudgementTests
{
    private static readonly InterfaceFacts Good = new() { Name = "eth0", DeviceDriver = "mlx5_core", TakesXdp = true, TakesZeroCopy = true, Queues = 4, Cpus = 4 };

    [Fact]
    public void With_nothing_in_the_way_it_is_native()
    {
        var judgement = Judgement.Of(Good);
        Assert.Equal(Driver.Native, judgement.Chosen);
        Assert.Equal(EngineKind.Xdp, judgement.Engine);
        Assert.Empty(judgement.Notes);
        Assert.Equal(Driver.AfXdp, Judgement.Of(Good, EngineKind.Managed).Chosen);
    }

    public static TheoryData<string, InterfaceFacts, Driver?, Driver?, string?> Obstacles => new()
    {
        { "jumbo", Good with { MtuBytes = 9000 }, Driver.Generic, Driver.AfPacket, "ip link set dev eth0 mtu 1500" },
        { "LRO", Good with { HasLro = true }, Driver.Generic, Driver.AfPacket, "ethtool -K eth0 lro off" },
        { "hardware GRO", Good with { HasHardwareGro = true }, Driver.Generic, Driver.AfPacket, "ethtool -K eth0 rx-gro-hw off" },
        { "no XDP", Good with { TakesXdp = false }, Driver.Generic, Driver.AfPacket, null },
        { "queues", Good with { Queues = 32 }, Driver.Native, Driver.AfPacket, "ethtool -L eth0 combined 16" },
        { "another program", Good with { Occupant = "the XDP program 'x'" }, Driver.AfPacket, Driver.AfPacket, "ip link set dev eth0 xdpdrv off" },
        { "no libbpf", Good with { HasLibbpf = false }, Driver.AfPacket, Driver.AfPacket, "apt-get install libbpf1" },
        { "no capability", Good with { MissingForBpf = ["CAP_BPF"] }, Driver.AfPacket, Driver.AfPacket, "run it as root, or give its unit AmbientCapabilities=CAP_BPF CAP_NET_RAW" },
        { "old kernel", Good with { Kernel = new Version(5, 15) }, Driver.AfPacket, Driver.AfPacket, "run Linux 6.1 or newer" },
        { "port of a bond", Good with { Master = "bond0", MasterKind = "bond" }, null, null, "write bond0 in director.interfaces" },
        { "nothing allowed", Good with { MissingForBpf = ["CAP_NET_ADMIN"], MissesNetRaw = true }, null, null, "run it as root, or give its unit AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void What_stands_in_the_way_has_its_cure(string what, InterfaceFacts facts, Driver? chosen, Driver? managed, string? cure)
    {
        var judgement = Judgement.Of(facts);
        Assert.True(chosen == judgement.Chosen, $"{what}: {judgement.Chosen}");
        Assert.True(managed == Judgement.Of(facts, EngineKind.Managed).Chosen, what);
        var obstacles = judgement.Drivers.SelectMany(static d => d.Obstacles).ToArray();
        Assert.NotEmpty(obstacles);
        if (cure is not null)
            Assert.Contains(obstacles, o => o.Cure == cure);
    }

    [Fact]
    public void What_would_help_against_one_obstacle_of_two_is_not_advised()
    {
        var native = Judgement.Of(Good with { TakesXdp = false, HasLro = true }).Drivers.Single(static d => d.Driver == Driver.Native);
        Assert.Equal(2, native.Obstacles.Length);
        Assert.All(native.Obstacles, static o => Assert.Null(o.Cure));
    }

    [Fact]
    public void Why_not_better_names_the_cure_in_one_line() =>
        Assert.Equal("its MTU of 9000 does not fit one page: 3506 does (cure: ip link set dev eth0 mtu 1500)",
            Judgement.Of(Good with { MtuBytes = 9000 }).WhyNotBetter(Driver.Generic));
}
