using Sidestep.Agent.Actions;
using Sidestep.Agent.Input;

namespace Sidestep.UnitTests.Agent.Actions;

public sealed class RenderActionTests : ActionFixture
{
    private readonly StringWriter _output = new() { NewLine = "\n" };

    [Fact]
    public void The_files_of_the_host_are_printed_with_name_and_mode()
    {
        Root.Put("etc/netplan/a.yaml");
        Linux(Layer2, null);
        var text = $"{_output}";
        Assert.StartsWith("### /etc/sysctl.d/60-sidestep.conf (mode 0644)\n# Written by sidestep-agent", text,
            StringComparison.Ordinal);
        Assert.Contains("rp_filter = 2\n### /etc/netplan/60-sidestep.yaml (mode 0600)\n# Written", text,
            StringComparison.Ordinal);
        Assert.EndsWith("- \"203.0.113.10/32\"\n", text, StringComparison.Ordinal);
        Assert.Empty(Kernel.Changes);
    }

    [Theory]
    [InlineData("networkd", "/etc/systemd/network/05-sidestep-lo.network")]
    [InlineData("NetworkManager", "/etc/NetworkManager/system-connections/sidestep-lo.nmconnection")]
    [InlineData("netplan", "/etc/netplan/60-sidestep.yaml")]
    [InlineData("ifcfg", "/etc/sysconfig/network-scripts/ifcfg-lo:51")]
    public void A_named_manager_is_used(string manager, string file)
    {
        Linux(Layer2, manager);
        Assert.Contains($"### {file} (mode ", $"{_output}", StringComparison.Ordinal);
    }

    [Fact]
    public void Remarks_follow_the_files()
    {
        Linux(Layer3, "netplan");
        Assert.StartsWith("### Only the agent can load the program", $"{_output}".TrimEnd().Split('\n')[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_sysctls_can_be_printed_alone()
    {
        Linux(Layer2, "sysctl");
        Assert.Single($"{_output}".Split('\n'), static l => l.StartsWith("### ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("systemd")]
    [InlineData("0")]
    [InlineData("")]
    public void An_unknown_manager_is_a_problem(string manager)
    {
        var error = Assert.Throws<ProblemsException>(() => Linux(Layer2, manager));
        Assert.Equal(("--for", "is not a network manager that the agent knows"),
            (Assert.Single(error.Problems).Option, error.Problems[0].Reason));
        Assert.Empty($"{_output}");
    }

    [Fact]
    public void The_unit_needs_a_spec_file_and_nothing_of_the_host()
    {
        Assert.Equal("--spec",
            Assert.Single(Assert.Throws<ProblemsException>(() => Linux(Layer2, "agent")).Problems).Option);
        Linux(new Request { SpecFile = "/etc/sidestep/../sidestep/spec.json", Interfaces = ["eth0", "eth1"] }, "agent");
        Assert.Contains("run --spec /etc/sidestep/spec.json --interface eth0 --interface eth1\n", $"{_output}",
            StringComparison.Ordinal);
        Assert.Equal(0, Kernel.Reads);
    }

    [Fact]
    public void Invalid_options_and_an_undetectable_manager_are_problems()
    {
        Assert.Throws<ProblemsException>(() => Linux(Layer2 with { Vips = ["x"] }, null));
        Assert.Throws<ProblemsException>(() => Linux(new Request { SpecFile = "/none" }, null));
        Assert.Throws<ProblemsException>(() => Linux(Layer2, null));
        Assert.Empty($"{_output}");
    }

    [Fact]
    public void The_script_for_Windows_is_printed_as_it_is()
    {
        RenderAction.Windows(new Request { Vips = [TestSpec.Vip] }, "Ethernet", _output);
        Assert.StartsWith("#Requires -Version 5.1\n", $"{_output}", StringComparison.Ordinal);
        Assert.Contains("'Ethernet'", $"{_output}", StringComparison.Ordinal);
        Assert.Throws<ProblemsException>(() => RenderAction.Windows(new Request { Vips = ["x"] }, null, _output));
        Assert.Throws<ProblemsException>(() => RenderAction.Windows(new Request { SpecFile = "/none" }, null, _output));
        Assert.Throws<ProblemsException>(() =>
            RenderAction.Windows(new Request { Vips = ["203.0.113.0/24"] }, null, _output));
    }

    private void Linux(Request request, string? manager) => RenderAction.Linux(Platform, request, manager, _output);
}
