using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.SystemTests;

/// <summary>What the lab makes of its files.</summary>
public sealed class TopologyTests
{
    public static TheoryData<string> Names => new(TopologyReader.Names());

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_folder_can_be_read_and_has_a_drawing_that_fits_a_terminal(string name)
    {
        var topology = TopologyReader.Read(name);

        Assert.NotEmpty(topology.Summary);
        var drawing = TopologyReader.Drawing(topology).Split('\n');
        Assert.All(drawing, line => Assert.InRange(line.Length, 0, 80));
        Assert.All(topology.Nodes, node => Assert.Contains(drawing, line => line.Contains(node.Name, StringComparison.Ordinal)
            || line.Contains("|web|", StringComparison.Ordinal)));
        Assert.True(AddressRange.Addresses(ServerMap.Sources(topology)).Count >= TrafficScenario.FewestClients);
    }

    [Fact]
    public void A_range_of_addresses_is_expanded_in_the_last_part()
    {
        Assert.Equal(["10.0.0.9/24", "10.0.0.10/24", "10.0.0.11/24"], AddressRange.Expand("10.0.0.9-11/24"));
        Assert.Equal(["2001:db8::f/64", "2001:db8::10/64"], AddressRange.Expand("2001:db8::f-10/64"));
        Assert.Equal(["2001:db8::1/64"], AddressRange.Expand("2001:db8::1/64"));
    }

    [Fact]
    public void Unknown_placeholders_are_refused_and_braces_of_nginx_are_not_placeholders()
    {
        var template = new Template(new Dictionary<string, string> { ["vip"] = "203.0.113.10" });

        Assert.Equal("http { listen 203.0.113.10:80; }", template.Fill("http { listen {vip}:80; }", "test"));
        Assert.Contains("{vipp}", Assert.Throws<Lab.LabException>(() => template.Fill("{vipp}", "test")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Servers_leave_the_pool_and_come_back_with_all_that_the_file_says_of_them()
    {
        var path = Path.GetTempFileName();
        File.Copy(Path.Combine(Repository.Root, "lab", "l2-one-arm", "sidestep.yaml"), path, overwrite: true);
        try
        {
            var file = new DirectorFile(path);
            file.Only(["web2"]);
            file.Save();
            var one = File.ReadAllText(path);
            Assert.DoesNotContain("10.20.0.11", one, StringComparison.Ordinal);
            Assert.Contains("10.20.0.12", one, StringComparison.Ordinal);

            file.Only(file.Servers);
            file.Save();
            Assert.Equal(3, File.ReadAllText(path).Split("weight: 1").Length - 1);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_server_changes_and_is_as_before_when_it_comes_again()
    {
        var path = Path.GetTempFileName();
        File.Copy(Path.Combine(Repository.Root, "lab", "churn", "sidestep.yaml"), path, overwrite: true);
        try
        {
            var file = new DirectorFile(path);
            file.Set("app1", "state", "draining");
            file.Set("app1", "weight", "7");
            file.Leave("late");
            file.Save();
            var changed = File.ReadAllText(path);
            Assert.Contains("state: draining", changed, StringComparison.Ordinal);
            Assert.Contains("weight: 7", changed, StringComparison.Ordinal);
            Assert.DoesNotContain("9100", changed, StringComparison.Ordinal);
            Assert.Equal("203.0.113.10:9100", file.Endpoint("late"));

            file.Enter("app1");
            file.Enter("late");
            file.Save();
            Assert.Equal(6, File.ReadAllText(path).Split("weight: 1").Length - 1);
            Assert.DoesNotContain("state:", File.ReadAllText(path), StringComparison.Ordinal);
            Assert.Throws<Lab.LabException>(() => file.Set("nobody", "weight", "1"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A change that left the crowd's services as they are would prove nothing.</summary>
    [Fact]
    public void With_every_change_the_crowd_is_another_one()
    {
        var crowd = TopologyReader.Read("upgrade").Churn!.Crowd!;
        for (var changes = 0; changes < 20; changes++)
        {
            var before = crowd.After(changes).ToDictionary(s => s.Name);
            var after = crowd.After(changes + 1).ToDictionary(s => s.Name);
            Assert.InRange(after.Count, 1000, crowd.Services);
            Assert.NotEmpty(before.Keys.Except(after.Keys));
            Assert.NotEmpty(after.Keys.Except(before.Keys));
            Assert.All(after.Values.Where(s => before.ContainsKey(s.Name)), s => Assert.NotEqual(before[s.Name].Pool, s.Pool));
            for (var staying = 0; staying < crowd.Staying; staying++)
                Assert.Contains($"crowd-{staying}", after.Keys);
        }
        Assert.All(Enumerable.Range(0, crowd.Staying), i => Assert.Equal(
            crowd.Profiles.Order(), Enumerable.Range(0, 8).Select(c => crowd.After(c).First(s => s.Name == $"crowd-{i}").Profile).Distinct().Order()));
    }
}
