using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Model;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Tracked flows and fragments refer to profiles by id: an id must not get another meaning while they may
/// live.</summary>
public sealed class ProfileTableTests
{
    [Fact]
    public void Least_recently_used_settings_give_up_their_profile_number()
    {
        var table = new ProfileTable([]);
        var profileNumbers = Enumerable.Range(0, Constants.Profiles).Select(i => ProfileNumber(table, i)).ToArray();
        Assert.Equal(Constants.Profiles, profileNumbers.Distinct().Count());

        // Used again, and therefore not the next to be replaced.
        Assert.Equal(profileNumbers[0], ProfileNumber(table, 0));

        Assert.Equal(profileNumbers[1], ProfileNumber(table, Constants.Profiles));
        Assert.Equal(profileNumbers[2], ProfileNumber(table, Constants.Profiles + 1));
        Assert.Equal(profileNumbers[0], ProfileNumber(table, 0));
        Assert.Equal(profileNumbers[3], ProfileNumber(table, 1));
    }

    [Fact]
    public void Settings_in_the_current_tables_keep_their_profile_numbers()
    {
        var table = new ProfileTable([]);
        table.Begin();
        for (var i = 0; i < Constants.Profiles; i++)
            Assert.InRange(table.IdOf(Service(i)), 0, Constants.Profiles - 1);
        Assert.True(table.IdOf(Service(Constants.Profiles)) >= Constants.Profiles);
    }

    /// <summary>The id of settings that are the only ones of their generation.</summary>
    private static ushort ProfileNumber(ProfileTable table, int settings)
    {
        table.Begin();
        return table.IdOf(Service(settings));
    }

    private static Sidestep.Forwarding.ServiceEntry Service(int settings) => new()
    {
        Key = ServiceKey.InDefault("web"),
        Vips = [],
        Protocol = TransportProtocol.Tcp,
        Ports = [],
        Group = default,
        IdleTimeouts = IdleTimeouts.Default with { Udp = 10 + settings },
    };
}
