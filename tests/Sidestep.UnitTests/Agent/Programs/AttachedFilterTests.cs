using Sidestep.Agent.Programs;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Agent.Programs;

public sealed class AttachedFilterTests
{
    private readonly FakeKernel _kernel = new();

    public static TheoryData<string, TcFilter, bool, bool, bool> Filters => new()
    {
        { "ours at ingress", At(213, 0x51de, "decapsulate:[7]"), false, true, false },
        { "ours at egress", At(213, 0x51de, "reply:[7]"), true, true, false },
        { "ingress program at egress", At(213, 0x51de, "decapsulate:[7]"), true, false, true },
        { "name that only begins like ours", At(213, 0x51de, "decapsulate2:[7]"), false, false, true },
        { "another kind with our name", At(213, 0x51de, "decapsulate:[7]") with { Kind = "flower" }, false, false,
            true },
        { "another handle of our kind and protocol", At(213, 1, "other:[7]"), false, false, false },
        { "another kind at our priority", At(213, 1, "") with { Kind = "u32" }, false, false, true },
        { "another protocol at our priority", At(213, 1, "other") with { Protocol = 0x800 }, false, false, true },
        { "another priority", At(212, 0x51de, "decapsulate:[7]"), false, false, false },
        { "another chain", At(213, 0x51de, "decapsulate:[7]") with { Chain = 1 }, false, false, false },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void The_filter_at_the_agents_place_is_ours_foreign_or_absent(
        string name, TcFilter filter, bool atEgress, bool isOurs, bool isForeign)
    {
        var found = AttachedFilter.Of(_kernel.Interfaces[1], atEgress ? Hook.Egress : Hook.Ingress, [filter]);
        Assert.Equal((name, isOurs, isForeign), (name, found.IsOurs, found.IsForeign));
        Assert.Equal(isOurs || isForeign, found.Filter is not null);
    }

    [Fact]
    public void The_filter_at_the_place_wins_over_one_that_blocks_it()
    {
        var found = AttachedFilter.Of(_kernel.Interfaces[1], Hook.Ingress,
            [At(213, 1, "") with { Kind = "u32" }, At(213, 0x51de, "decapsulate:[7]")]);
        Assert.True(found.IsOurs);
    }

    [Fact]
    public void All_own_filters_of_a_host_are_found_in_order()
    {
        _kernel.FiltersAt(FakeKernel.Eth1, Hook.Egress).Add(At(213, 0x51de, "reply:[2]"));
        _kernel.FiltersAt(FakeKernel.Eth0, Hook.Egress).Add(At(213, 0x51de, "reply:[1]"));
        _kernel.FiltersAt(FakeKernel.Eth0, Hook.Ingress).Add(At(213, 0x51de, "decapsulate:[1]"));
        _kernel.AddForeignFilter(FakeKernel.Eth1, Hook.Ingress, 213, 0x51de);
        Assert.Equal(["eth0 Ingress", "eth0 Egress", "eth1 Egress"],
            AttachedFilter.FindOurs(_kernel, _kernel.Interfaces).Select(static f => $"{f.Interface.Name} {f.Hook}"));
    }

    [Fact]
    public void Loaded_programs_share_the_maps_of_an_attached_one_if_it_has_all()
    {
        var (old, current) = (At(213, 0x51de, "decapsulate:[1]") with { ProgramId = 101 },
            At(213, 0x51de, "decapsulate:[2]") with { ProgramId = 102 });
        var maps = MemoryMap.SetOf(MemoryMap.NewMaps());
        _kernel.Loaded[101] = new FakeProgram("old", null);
        _kernel.Loaded[102] = new FakeProgram("new-ingress", maps);
        AttachedFilter Ingress(int at, TcFilter filter) => new(_kernel.Interfaces[at], Hook.Ingress, filter);
        var egress = new AttachedFilter(_kernel.Interfaces[1], Hook.Egress,
            At(213, 0x51de, "reply:[3]") with { ProgramId = 999 });

        using var shared = _kernel.LoadSharingMaps([egress, Ingress(1, old), Ingress(2, current)]);
        Assert.Same(maps, MemoryMap.SetOf(shared.Maps));
        using var fresh = _kernel.LoadSharingMaps([egress, Ingress(1, old)]);
        Assert.NotSame(maps, MemoryMap.SetOf(fresh.Maps));
    }

    private static TcFilter At(ushort priority, uint handle, string name) =>
        new(new TcFilterPosition(priority, handle), "bpf") { Name = name, Protocol = TcFilter.AllProtocols };
}
