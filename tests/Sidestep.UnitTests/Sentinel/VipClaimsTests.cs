using System.Net;
using Sidestep.Control.Sentinel;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Sentinel;

public sealed class VipClaimsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10");
    private static readonly MacAddress Mac = new(0x0200_0000_0001);

    [Fact]
    public void The_first_claim_is_news_and_the_next_is_counted()
    {
        var claims = new VipClaims();

        Assert.NotNull(Hear(claims, 0));
        Assert.Null(Hear(claims, 1));

        var claim = Assert.Single(claims.Current);
        Assert.Equal((2, Start, Start.AddSeconds(1)), (claim.Times, claim.First, claim.Last));
    }

    [Fact]
    public void A_claim_that_is_not_renewed_is_over_and_the_next_is_news_again()
    {
        var claims = new VipClaims();
        Hear(claims, 0);

        Assert.Empty(claims.Expire(Start.AddSeconds(4), TimeSpan.FromSeconds(4)));
        Assert.Single(claims.Expire(Start.AddSeconds(5), TimeSpan.FromSeconds(4)));
        Assert.Empty(claims.Current);
        Assert.NotNull(Hear(claims, 6));
    }

    [Fact]
    public void The_network_is_told_three_times_a_minute_and_not_for_ever()
    {
        var claims = new VipClaims();
        var told = 0;
        for (var second = 0; second < 60 * 60; second++)
        {
            Hear(claims, second);
            if (claims.MayAnnounce(Vip, Start.AddSeconds(second)))
                told++;
            if (second == 59)
                Assert.Equal(VipClaims.MostAnnouncementsPerMinute, told);
        }
        Assert.Equal(VipClaims.MostAnnouncementsPerClaim, told);
    }

    [Fact]
    public void A_flood_of_claimants_is_bounded()
    {
        var claims = new VipClaims();
        for (ulong mac = 0; mac < 5000; mac++)
            claims.Hear(Vip, new MacAddress(mac), "eth0", Claimant.Stranger, Start);
        Assert.Equal(VipClaims.MostClaims, claims.Current.Length);
    }

    [Theory]
    [InlineData(VipClaims.Server, "web1", "real server web1 (02:00:00:00:00:01)")]
    [InlineData(VipClaims.Director, "10.0.0.3", "another director, 10.0.0.3")]
    [InlineData(VipClaims.Stranger, null, "a stranger")]
    public void The_alarm_says_who_it_is(string kind, string? name, string expected)
    {
        var claims = new VipClaims();
        var claim = claims.Hear(Vip, Mac, "eth0", new Claimant(kind, name), Start)!;
        Assert.Contains(expected, VipClaims.Describe(claim), StringComparison.Ordinal);
    }

    private static Sidestep.Api.VipClaim? Hear(VipClaims claims, int second) =>
        claims.Hear(Vip, Mac, "eth0", new Claimant(VipClaims.Server, "web1"), Start.AddSeconds(second));
}
