using System.Diagnostics;
using System.Text;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

public sealed class LimitsTests
{
    private const string NodeAndGroup = """
        node:
          interfaces: [{ name: eth0 }]
        group:
          hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f"

        """;

    [Fact]
    public void Largest_configuration_is_read()
    {
        var result = ConfigurationReader.Read(Large(Limits.VirtualServices, 4, Limits.RealServers / 4), null);

        Assert.Empty(result.Errors);
        Assert.Equal(Limits.VirtualServices, result.Configuration!.VirtualServices.Length);
        Assert.Equal(Limits.RealServers, result.Configuration.Pools.Sum(p => p.Servers.Length));
    }

    [Fact]
    public void One_service_too_many_is_one_error()
    {
        var issue = Assert.Single(ConfigurationReader.Read(Large(Limits.VirtualServices + 1, 1, 1), null).Errors);

        Assert.Equal("virtualServices", issue.Path);
        Assert.Equal("there are 10001 virtual services; at most 10000 are possible", issue.Reason);
    }

    [Fact]
    public void One_server_too_many_across_all_pools_is_one_error()
    {
        var issue = Assert.Single(
            ConfigurationReader.Read(Large(1, 3, (Limits.RealServers / 3) + 1), null).Errors);

        Assert.Equal("pools[2].servers", issue.Path);
        Assert.Equal("with this pool there are more than 100000 real servers in all pools together", issue.Reason);
    }

    [Fact]
    public void One_interface_too_many_is_one_error()
    {
        string interfaces = string.Join(", ",
            Enumerable.Range(0, Limits.Interfaces + 1).Select(i => $"{{ name: eth{i} }}"));
        var issue = Assert.Single(ConfigurationReader.Read($$"""
            node:
              interfaces: [{{interfaces}}]
            group:
              hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f"
            """, null).Errors);

        Assert.Equal("there are 17 interfaces; at most 16 are possible", issue.Reason);
    }

    [Fact]
    public void Document_over_64_MiB_is_rejected_unread()
    {
        var issue = Assert.Single(ConfigurationReader.Read(new string('#', Limits.DocumentBytes + 1), null).Errors);

        Assert.Equal("the document is larger than 67108864 bytes", issue.Reason);
    }

    [Fact]
    public void Number_of_listed_errors_is_limited()
    {
        var yaml = new StringBuilder(NodeAndGroup);
        for (int i = 0; i < Limits.ListedIssues + 7; i++)
            yaml.Append("unknown").Append(i).Append(": 1\n");

        var errors = ConfigurationReader.Read(yaml.ToString(), null).Errors;

        Assert.Equal(Limits.ListedIssues + 1, errors.Length);
        Assert.Equal("7 more are not listed", errors[^1].Reason);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Unlimited_nesting_is_rejected_in_time(string opening)
    {
        var clock = Stopwatch.StartNew();

        var result = ConfigurationReader.Read(string.Concat(Enumerable.Repeat(opening, 20_000)), null);

        Assert.NotEmpty(result.Errors);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }

    [Fact]
    public void Alias_bomb_stays_small()
    {
        var yaml = new StringBuilder("a: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 60; i++)
            yaml.Append($"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}]\n");

        Assert.NotEmpty(ConfigurationReader.Read(yaml.ToString(), null).Errors);
    }

    private static string Large(int services, int pools, int serversPerPool)
    {
        var yaml = new StringBuilder(NodeAndGroup).Append("pools:\n");
        for (int p = 0; p < pools; p++)
        {
            yaml.Append($"  - name: pool{p}\n    servers:\n");
            for (int s = 0; s < serversPerPool; s++)
                yaml.Append($"      - {{ name: s{s}, address: 10.{p * 2 + (s >> 16)}.{s / 256 % 256}.{s % 256} }}\n");
        }
        yaml.Append("virtualServices:\n");
        for (int v = 0; v < services; v++)
            yaml.Append(
                $"  - {{ name: v{v}, vip: 203.0.113.1, protocol: tcp, port: {v + 1}, pool: pool{v % pools} }}\n");
        return yaml.ToString();
    }
}
