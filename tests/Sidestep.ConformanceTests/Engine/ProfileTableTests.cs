using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Remembered flows and fragments name settings by number: a number must not mean something else while they may live.</summary>
public sealed class ProfileTableTests
{
    [Fact]
    public void TheSettingsThatNobodyHasHadForLongestGiveUpTheirNumber()
    {
        var table = new ProfileTable([]);
        var numbers = Enumerable.Range(0, Constants.Profiles).Select(i => Number(table, i)).ToArray();
        Assert.Equal(Constants.Profiles, numbers.Distinct().Count());

        // Had again, and so not the next to go.
        Assert.Equal(numbers[0], Number(table, 0));

        Assert.Equal(numbers[1], Number(table, Constants.Profiles));
        Assert.Equal(numbers[2], Number(table, Constants.Profiles + 1));
        Assert.Equal(numbers[0], Number(table, 0));
        Assert.Equal(numbers[3], Number(table, 1));
    }

    [Fact]
    public void SettingsOfTheSameTablesKeepTheirNumbers()
    {
        var table = new ProfileTable([]);
        table.Begin();
        for (var i = 0; i < Constants.Profiles; i++)
            Assert.InRange(table.NumberOf(Service(i)), 0, Constants.Profiles - 1);
        Assert.True(table.NumberOf(Service(Constants.Profiles)) >= Constants.Profiles);
    }

    /// <summary>In tables of their own.</summary>
    private static ushort Number(ProfileTable table, int settings)
    {
        table.Begin();
        return table.NumberOf(Service(settings));
    }

    private static Forwarding.ServiceEntry Service(int settings) => new()
    {
        Name = "web",
        Vips = [],
        Protocol = TransportProtocol.Tcp,
        Ports = [],
        Group = default,
        IdleTimeouts = IdleTimeouts.Default with { Udp = 10 + settings },
    };
}
