using System.Collections.Immutable;
using Sidestep.Agent.Input;
using Sidestep.Agent.Windows;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Windows;

public sealed class PowerShellScriptTests
{
    private readonly List<Problem> _problems = [];

    [Fact]
    public void The_script_contains_VIPs_and_firewall_rules_of_all_services()
    {
        var script = Write(null,
            TestSpec.Layer2("203.0.113.10", "2001:db8:113::10") with { Protocol = "tcp", Ports = ["80", "443"] },
            TestSpec.Layer2("203.0.113.10") with { Protocol = "any", Ports = ["53", "any"] });
        Assert.Contains("\n$Vips = @(\n    '203.0.113.10'\n    '2001:db8:113::10'\n)\n", script,
            StringComparison.Ordinal);
        Assert.Contains("\n$Rules = @(\n"
            + "    @{ Name = 'Sidestep-1-TCP'; Protocol = 'TCP'; Ports = @('80', '443'); "
            + "Addresses = @('203.0.113.10', '2001:db8:113::10') }\n"
            + "    @{ Name = 'Sidestep-2-TCP'; Protocol = 'TCP'; Ports = @('Any'); Addresses = @('203.0.113.10') }\n"
            + "    @{ Name = 'Sidestep-2-UDP'; Protocol = 'UDP'; Ports = @('Any'); Addresses = @('203.0.113.10') }\n"
            + ")\n",
            script, StringComparison.Ordinal);
        Assert.Contains("[string] $Adapter = ''\n", script, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", script, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_adapter_is_the_default_of_the_script() =>
        Assert.Contains("[string] $Adapter = 'Ethernet 2 (a-b_c) #1.0'\n",
            Write("Ethernet 2 (a-b_c) #1.0", TestSpec.Layer2(TestSpec.Vip)), StringComparison.Ordinal);

    [Theory]
    [InlineData("Ethernet'; Remove-Item C:")]
    [InlineData("a$b")]
    [InlineData("a\nb")]
    [InlineData("a\"b")]
    public void An_adapter_name_cannot_end_the_quoted_string(string adapter)
    {
        Assert.Null(Write(adapter, TestSpec.Layer2(TestSpec.Vip)));
        Assert.Equal(("--adapter", "contains characters that no adapter name has"),
            (Assert.Single(_problems).Option, _problems[0].Reason));
    }

    [Fact]
    public void Layer_3_prefixes_and_an_empty_spec_are_problems()
    {
        Assert.Null(Write(null, TestSpec.Layer3("gue", TestSpec.Vip),
            TestSpec.Layer3("ipip", TestSpec.Vip) with { Name = "", Encapsulation = null },
            TestSpec.Layer2("203.0.113.0/24", TestSpec.OtherVip),
            TestSpec.Layer2(TestSpec.Vip) with { Name = "diameter", Protocol = "sctp", Ports = ["3868"] }));
        Assert.Null(Write(null));
        Assert.Equal(
        [
            "service www is layer 3 (gue): Windows has nothing that removes the outer header",
            "service 203.0.113.10 is layer 3 (ipip): Windows has nothing that removes the outer header",
            "service www 203.0.113.0/24 is a prefix: Windows supports single addresses only",
            "service diameter is on SCTP, which Windows does not have",
            "--vip  is missing",
        ], _problems.Select(static p => $"{p.Option} {p.Value} {p.Reason}"));
    }

    [Fact]
    public void Earlier_problems_do_not_prevent_the_script()
    {
        _problems.Add(new Problem("--x", "", "is wrong", "Correct it."));
        Assert.NotNull(Write(null, TestSpec.Layer2(TestSpec.Vip)));
    }

    private string? Write(string? adapter, params ImmutableArray<ServiceSpec> services) =>
        PowerShellScript.Write(new ServerSpec { Services = services }, adapter, _problems);
}
