using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.SystemTests.Lab.Topologies;

/// <summary>Reading topologies, and editing the director's file.</summary>
public sealed class TopologyTests
{
    public static TheoryData<string> Names => new(TopologyReader.Names());

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_topology_is_valid_and_its_drawing_fits_a_terminal(string name)
    {
        var topology = TopologyReader.Read(name);

        Assert.NotEmpty(topology.Summary);
        var drawing = TopologyReader.Drawing(topology).Split('\n');
        Assert.All(drawing, line => Assert.InRange(line.Length, 0, 80));
        Assert.All(topology.Nodes, node =>
            Assert.Contains(drawing, line => line.Contains(node.Name, StringComparison.Ordinal)
            || line.Contains("|web|", StringComparison.Ordinal)));
        Assert.True(AddressRange.Addresses(AssignmentProbe.Sources(topology)).Count >= TrafficScenario.MinClients);
    }

    [Fact]
    public void An_address_range_expands_in_the_last_part()
    {
        Assert.Equal(["10.0.0.9/24", "10.0.0.10/24", "10.0.0.11/24"], AddressRange.Expand("10.0.0.9-11/24"));
        Assert.Equal(["2001:db8::f/64", "2001:db8::10/64"], AddressRange.Expand("2001:db8::f-10/64"));
        Assert.Equal(["2001:db8::1/64"], AddressRange.Expand("2001:db8::1/64"));
    }

    [Fact]
    public void Unknown_placeholders_are_rejected_and_braces_of_nginx_are_no_placeholders()
    {
        var template = new Template(new Dictionary<string, string> { ["vip"] = "203.0.113.10" });

        Assert.Equal("http { listen 203.0.113.10:80; }", template.Fill("http { listen {vip}:80; }", "test"));
        Assert.Contains("{vipp}",
            Assert.Throws<Sidestep.Lab.LabException>(() => template.Fill("{vipp}", "test")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Servers_leave_the_pool_and_return_with_all_their_settings()
    {
        var path = Path.GetTempFileName();
        File.Copy(Path.Combine(Repository.Root, "lab", "l2-one-arm", "sidestep.yaml"), path, overwrite: true);
        try
        {
            var file = new DirectorFile(path);
            file.SetServers(["web2"]);
            file.Save();
            var one = File.ReadAllText(path);
            Assert.DoesNotContain("10.20.0.11", one, StringComparison.Ordinal);
            Assert.Contains("10.20.0.12", one, StringComparison.Ordinal);

            file.SetServers(file.Servers);
            file.Save();
            Assert.Equal(3, File.ReadAllText(path).Split("weight: 1").Length - 1);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_changed_server_has_its_original_settings_when_it_returns()
    {
        var path = Path.GetTempFileName();
        File.Copy(Path.Combine(Repository.Root, "lab", "churn", "sidestep.yaml"), path, overwrite: true);
        try
        {
            var file = new DirectorFile(path);
            file.Set("app1", "state", "draining");
            file.Set("app1", "weight", "7");
            file.Remove("late");
            file.Save();
            var changed = File.ReadAllText(path);
            Assert.Contains("state: draining", changed, StringComparison.Ordinal);
            Assert.Contains("weight: 7", changed, StringComparison.Ordinal);
            Assert.DoesNotContain("9100", changed, StringComparison.Ordinal);
            Assert.Equal("203.0.113.10:9100", file.Endpoint("late"));

            file.Add("app1");
            file.Add("late");
            file.Save();
            Assert.Equal(6, File.ReadAllText(path).Split("weight: 1").Length - 1);
            Assert.DoesNotContain("state:", File.ReadAllText(path), StringComparison.Ordinal);
            Assert.Throws<Sidestep.Lab.LabException>(() => file.Set("unknown", "weight", "1"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A change that leaves the generated services unchanged would prove nothing.</summary>
    [Fact]
    public void Every_change_alters_the_generated_services()
    {
        var generated = TopologyReader.Read("upgrade").Churn!.GeneratedServices!;
        for (var changes = 0; changes < 20; changes++)
        {
            var before = generated.After(changes).ToDictionary(s => s.Name);
            var after = generated.After(changes + 1).ToDictionary(s => s.Name);
            Assert.InRange(after.Count, 1000, generated.Services);
            Assert.NotEmpty(before.Keys.Except(after.Keys));
            Assert.NotEmpty(after.Keys.Except(before.Keys));
            Assert.All(after.Values.Where(s => before.ContainsKey(s.Name)), s =>
                Assert.NotEqual(before[s.Name].Pool, s.Pool));
            for (var staying = 0; staying < generated.Staying; staying++)
                Assert.Contains($"generated-{staying}", after.Keys);
        }
        Assert.All(Enumerable.Range(0, generated.Staying), i => Assert.Equal(
            generated.Profiles.Order(), Enumerable.Range(0, 8)
                .Select(c => generated.After(c).First(s => s.Name == $"generated-{i}").Profile).Distinct().Order()));
    }
}
