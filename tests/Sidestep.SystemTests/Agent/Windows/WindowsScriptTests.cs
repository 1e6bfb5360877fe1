using System.Management.Automation.Language;
using Sidestep.SystemTests.Agent.Input;

namespace Sidestep.SystemTests.Agent.Windows;

/// <summary>The script for Windows, judged by PowerShell's own parser.</summary>
public sealed class WindowsScriptTests(
    InputValidationTests.UnchangedServer server) : IClassFixture<InputValidationTests.UnchangedServer>
{
    private const string Spec = """
        { "services": [ { "name": "www", "vips": ["203.0.113.10", "2001:db8:113::10"], "protocol": "tcp",
                          "ports": ["80", "443"], "dsr": "l2" },
                        { "name": "dns", "vips": ["203.0.113.53"], "protocol": "udp", "ports": ["53"], "dsr": "l2" } ] }
        """;

    [Fact]
    public void PowerShell_parses_the_script()
    {
        var ast = Parse(Render(Spec, "--adapter", "Ethernet 2"));
        var commands = ast.FindAll(static a => a is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>()
            .ToList();
        var names = commands.Select(static c => c.GetCommandName()).ToHashSet();
        // Weak host receive and send on both interfaces; address, metric, firewall.
        foreach (var name in new[] { "Set-NetIPInterface", "New-NetIPAddress", "Remove-NetIPAddress",
            "New-NetFirewallRule", "Remove-NetFirewallRule", "Rename-NetAdapter" })
            Assert.Contains(name, names);
        Assert.Contains(commands, static c => c.GetCommandName() == "Set-NetIPInterface" && Has(c, "WeakHostReceive")
            && Has(c, "WeakHostSend"));
        Assert.Equal(2, commands.Count(static c => c.GetCommandName() == "Set-WeakHost"));
        Assert.Contains(commands, static c => c.GetCommandName() == "New-NetIPAddress" && Has(c, "SkipAsSource")
            && Has(c, "PrefixLength"));
        Assert.Contains(commands, static c => c.GetCommandName() == "Set-NetIPInterface" && Has(c, "InterfaceMetric")
            && Has(c, "DadTransmits"));
        // This is a step of troubleshooting: the script prints it and does not run it.
        Assert.DoesNotContain("Disable-NetAdapterChecksumOffload", names);
        Assert.Contains("Disable-NetAdapterChecksumOffload", ast.Extent.Text, StringComparison.Ordinal);
    }

    /// <summary>Every command is either of Windows or a function of the script.</summary>
    [Fact]
    public void The_script_calls_only_known_commands_and_reads_only_assigned_variables()
    {
        var ast = Parse(Render(Spec));
        var functions = ast.FindAll(static a => a is FunctionDefinitionAst, true).Cast<FunctionDefinitionAst>()
            .Select(static f => f.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        string[] windows = ["Get-NetAdapter", "Get-NetRoute", "Get-NetIPInterface", "Set-NetIPInterface",
            "Get-NetIPAddress", "New-NetIPAddress", "Remove-NetIPAddress", "Rename-NetAdapter",
            "Get-NetFirewallRule", "Set-NetFirewallRule", "New-NetFirewallRule", "Remove-NetFirewallRule",
                "Set-DnsClient", "Add-Type", "ConvertFrom-Json", "ConvertTo-Json", "Get-Content",
            "Set-Content", "New-Item", "Remove-Item", "Test-Path", "Join-Path", "Split-Path", "Set-StrictMode",
                "Sort-Object", "Select-Object", "Where-Object", "ForEach-Object", "Out-Null",
            "Write-Output", "Write-Warning", "pnputil.exe"];
        foreach (var command in ast.FindAll(static a => a is CommandAst, true).Cast<CommandAst>())
            Assert.True(windows.Contains(command.GetCommandName()) || functions.Contains(command.GetCommandName()),
                $"{command.Extent.Text}: unknown command");
        string[] automatic = ["_", "env:ProgramData", "env:SystemRoot", "true", "false", "null",
            "ErrorActionPreference", "script:Wrong"];
        foreach (var function in ast.FindAll(static a => a is ScriptBlockAst, true).Cast<ScriptBlockAst>())
        {
            foreach (var used in function.FindAll(static a => a is VariableExpressionAst, false)
                .Cast<VariableExpressionAst>().Select(static v => v.VariablePath.UserPath))
                Assert.True(automatic.Contains(used) || Assigned(ast).Contains(used), $"${used} is never set");
        }
    }

    [Fact]
    public void The_script_contains_every_VIP_and_port()
    {
        var text = Render(Spec);
        foreach (var part in new[] { "'203.0.113.10'", "'2001:db8:113::10'", "'203.0.113.53'",
            "Ports = @('80', '443')", "Protocol = 'UDP'; Ports = @('53')", "$LoopbackMetric = 254" })
            Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "services": [{ "name": "far", "vips": ["203.0.113.10"], "dsr": "l3", "encapsulation":"gue" }]}""",
        "service far: is layer 3 (gue): Windows has nothing that removes the outer header")]
    [InlineData("""{ "services": [ { "name": "many", "vips": ["203.0.113.0/24"], "dsr": "l2" } ] }""",
        "service many 203.0.113.0/24: is a prefix")]
    [InlineData("""{ "services": [] }""", "--vip: is missing")]
    public void A_spec_that_Windows_cannot_serve_is_rejected_with_the_reason(string spec, string reason)
    {
        var result = server.Setup.TryAgent($"render windows --spec {Write(spec)}", withState: false);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private static ScriptBlockAst Parse(string text)
    {
        var ast = Parser.ParseInput(text, out _, out var errors);
        Assert.True(errors.Length == 0,
            string.Join('\n', errors.Select(static e => $"{e.Extent.StartLineNumber}: {e.Message}")));
        return ast;
    }

    private static bool Has(CommandAst command, string parameter) =>
        command.CommandElements.OfType<CommandParameterAst>().Any(p => p.ParameterName == parameter);

    private static HashSet<string> Assigned(ScriptBlockAst ast) =>
        ast.FindAll(static a => a is AssignmentStatementAst or ForEachStatementAst or ParameterAst, true)
        .SelectMany(static a => a switch
        {
            AssignmentStatementAst s => s.Left.FindAll(static l => l is VariableExpressionAst, true)
                .Cast<VariableExpressionAst>(),
            ForEachStatementAst f => [f.Variable],
            ParameterAst p => [p.Name],
            _ => [],
        }).Select(static v => v.VariablePath.UserPath).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private string Render(string spec, params string[] more)
    {
        var result =
            Shell.Try([.. server.Setup.Command($"render windows --spec {Write(spec)}", withState: false), .. more]);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    private string Write(string spec)
    {
        var path = Path.Combine(server.Setup.StateDirectory, "windows.json");
        File.WriteAllText(path, spec);
        return path;
    }
}
