using System.Globalization;
using System.Text;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

public sealed class ProfileLimitTests
{
    [Fact]
    public void As_many_persistence_timeouts_as_the_engine_has_profiles_are_accepted() =>
        Assert.Empty(ReadServices(Limits.ProfileCombinations, distinct: true).Errors);

    [Fact]
    public void One_more_is_an_error_at_its_service()
    {
        var error = Assert.Single(ReadServices(Limits.ProfileCombinations + 1, distinct: true).Errors);
        Assert.Equal($"virtualServices[{Limits.ProfileCombinations}]: with this service there are more than 256 "
            + "combinations of idleTimeouts, oversized, udpOnRebalance and persistence. Give profiles the same "
            + "timeouts, or pools the same persistence.", error.ToString());
    }

    [Fact]
    public void Equal_settings_of_many_services_are_one_combination() =>
        Assert.Empty(ReadServices(Limits.ProfileCombinations + 1, distinct: false).Errors);

    /// <summary>A pool and a service each, with persistence timeouts that differ or not.</summary>
    private static ConfigurationResult ReadServices(int count, bool distinct)
    {
        var pools = new StringBuilder("pools:\n");
        var services = new StringBuilder("virtualServices:\n");
        for (var i = 0; i < count; i++)
        {
            pools.Append(CultureInfo.InvariantCulture, $"  - name: p{i}\n    persistence:\n");
            pools.Append(CultureInfo.InvariantCulture, $"      timeout: {(distinct ? i + 1 : 1)}\n");
            pools.Append("    servers:\n      - name: s\n        address: 10.0.0.11\n");
            services.Append(CultureInfo.InvariantCulture, $"  - name: v{i}\n    vip: 203.0.113.10\n");
            services.Append(CultureInfo.InvariantCulture, $"    protocol: tcp\n    port: {i + 1}\n    pool: p{i}\n");
        }
        return ConfigurationReader.Read($"""
            node:
              name: edge1
              interfaces:
                - name: eth0
            group:
              hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f"
            {pools}{services}
            """, null);
    }
}
