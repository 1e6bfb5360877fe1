using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Agents;

public sealed class DrainOverlayTests
{
    private readonly DrainOverlay _drains = new();
    private int _changes;

    public DrainOverlayTests() => _drains.Changed += () => _changes++;

    [Fact]
    public void Only_a_change_is_raised()
    {
        _drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: false);
        Assert.Equal(0, _changes);
        _drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: true);
        _drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: true);
        Assert.Equal(1, _changes);
        _drains.Set(RealServerKey.InDefault("web1"), DrainSource.VipConflict, drains: true);
        Assert.Equal(2, _changes);
        _drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: false);
        Assert.Equal(3, _changes);
        Assert.Equal([new ServerDrain(RealServerKey.InDefault("web1"), DrainSource.VipConflict)], _drains.Drains);
    }

    [Fact]
    public void Change_is_raised_after_the_drain_is_visible()
    {
        var seen = 0;
        _drains.Changed += () => seen = _drains.Drains.Count;
        _drains.Set(RealServerKey.InDefault("web1"), DrainSource.Operator, drains: true);
        Assert.Equal(1, seen);
    }

    [Fact]
    public void Overlay_names_its_drains_and_leaves_the_configuration_alone()
    {
        var written = ControlLoopFixture.Configuration("s0");
        _drains.Set(RealServerKey.InDefault("server"), DrainSource.VipConflict, drains: true);
        var effective = new EffectiveConfiguration(written).WithDrains(_drains.Drains);
        Assert.Same(written, effective.Desired);
        Assert.Equal([new ServerDrain(RealServerKey.InDefault("server"), DrainSource.VipConflict)], effective.Drains);
        Assert.NotSame(written.Pools[0], effective.Pools[0]);
        _drains.Set(RealServerKey.InDefault("server"), DrainSource.VipConflict, drains: false);
        Assert.Same(written.Pools[0], new EffectiveConfiguration(written).WithDrains(_drains.Drains).Pools[0]);
    }
}
