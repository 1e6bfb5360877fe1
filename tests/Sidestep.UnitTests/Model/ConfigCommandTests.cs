using System.CommandLine;
using System.Text.Json.Nodes;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Model;
using Sidestep.UnitTests.Cli;

namespace Sidestep.UnitTests.Model;

/// <summary>The commands as a user meets them: arguments in, text and exit code out.</summary>
public sealed class ConfigCommandTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Valid_file_is_summarised_on_standard_output()
    {
        var (code, output, error) = Check(TestDocument.Valid, "--offline");

        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(
            $"{_file}: ok: 2 virtual services, 1 pool, 2 real servers; not checked against this machine (--offline)\n",
            output);
        Assert.Equal("", error);
    }

    [Fact]
    public void Errors_go_to_standard_error_and_the_last_line_counts_them()
    {
        var (code, output, error) = Check(
            TestDocument.Valid.Replace("port: 80", "port: 70000", StringComparison.Ordinal), "--offline");

        Assert.Equal(ExitCode.Failed, code);
        Assert.Equal("", output);
        Assert.Equal(
            $"{_file}:31:11: error: virtualServices[0].port: 70000: out of range. Write a whole number from 1 to "
            + "65535.\n"
            + $"{_file}: 1 error; not checked against this machine (--offline)\n",
            error);
    }

    [Fact]
    public void Errors_about_this_machine_are_counted_separately()
    {
        // Every machine has lo, and no machine forwards to itself.
        string yaml = TestDocument.Valid
            .Replace("name: eth0", "name: lo", StringComparison.Ordinal);

        var (code, _, error) = Check(yaml);

        Assert.Equal(ExitCode.Failed, code);
        Assert.EndsWith($"{_file}: 2 errors (2 against this machine, which --offline skips)\n", error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Json_output_contains_everything_on_standard_output()
    {
        var (code, output, error) = Check(
            TestDocument.Valid.Replace("port: 80", "port: 70000", StringComparison.Ordinal), "--offline", "--json");

        Assert.Equal(ExitCode.Failed, code);
        Assert.Equal("", error);
        var report = JsonNode.Parse(output)!;
        Assert.Equal(_file, (string?)report["file"]);
        Assert.False((bool)report["valid"]!);
        Assert.Equal(
            CommandRun.Compact("""
            [{"path":"virtualServices[0].port","line":31,"column":11,"value":"70000","reason":"out of range",
            "remedy":"Write a whole number from 1 to 65535","jsonPointer":"/virtualServices/0/port","related":null}]
            """),
            report["errors"]!.ToJsonString());
        Assert.Equal("[]", report["warnings"]!.ToJsonString());
    }

    [Fact]
    public void Unreadable_file_exits_with_unusable()
    {
        var (code, _, error) = Run("config", "check", _file + ".none");
        Assert.Equal(ExitCode.Unusable, code);
        Assert.StartsWith($"{_file}.none: error: cannot be read: ", error, StringComparison.Ordinal);

        (code, _, error) = Run("config", "check", Path.GetTempPath());
        Assert.Equal(ExitCode.Unusable, code);
        Assert.EndsWith("is a directory. Name the file.\n", error, StringComparison.Ordinal);

        File.WriteAllBytes(_file, [0x61, 0xff, 0xfe]);
        (code, _, error) = Run("config", "check", _file);
        Assert.Equal(ExitCode.Unusable, code);
        Assert.Equal($"{_file}: error: this is not UTF-8 text. Save the file as UTF-8.\n", error);
    }

    [Fact]
    public void Oversized_file_is_an_error_whatever_its_content()
    {
        using (var stream = File.OpenWrite(_file))
            stream.SetLength(Limits.DocumentBytes + 100);

        var (code, _, error) = Run("config", "check", _file);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("the document is larger than", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Byte_order_mark_is_ignored()
    {
        File.WriteAllText(_file, TestDocument.Valid,
            new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        Assert.Equal(ExitCode.Ok, Run("config", "check", _file, "--offline").Code);
    }

    [Theory]
    [InlineData("config", "check")]
    [InlineData("config", "check", "a", "b")]
    [InlineData("config", "check", "a", "--ofline")]
    [InlineData("config", "chek", "a")]
    public void Invalid_command_line_exits_with_unusable(params string[] arguments) =>
        Assert.Equal(ExitCode.Unusable, Run(arguments).Code);

    [Fact]
    public void Json_file_is_checked_like_a_yaml_file()
    {
        var valid = TestDocument.Read(TestDocument.Valid).Configuration!;
        var (code, output, _) = Check(ConfigurationWriter.ToJson(valid), "--offline");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains(": ok: 2 virtual services, 1 pool, 2 real servers", output, StringComparison.Ordinal);

        (code, _, var error) = Check("{\n  \"node\": {\n    \"name\": \"Edge\" }\n}", "--offline");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains($"{_file}:3:13: error: node.name: Edge: not a possible name.", error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yaml")]
    [InlineData("json")]
    public void Show_command_prints_the_configuration_in_either_format(string format)
    {
        var valid = TestDocument.Read(TestDocument.Valid).Configuration!;
        foreach (string text in new[] { TestDocument.Valid, ConfigurationWriter.ToJson(valid) })
        {
            File.WriteAllText(_file, text);
            var (code, output, error) = Run("config", "show", _file, "--format", format);
            Assert.Equal((ExitCode.Ok, ""), (code, error));
            Assert.Equal(format == "json" ? ConfigurationWriter.ToJson(valid) : ConfigurationWriter.ToYaml(valid),
                output);
        }
    }

    [Fact]
    public void Show_command_reports_errors_instead_of_a_configuration()
    {
        File.WriteAllText(_file, TestDocument.Valid.Replace("port: 80", "port: 70000", StringComparison.Ordinal));
        var (code, output, error) = Run("config", "show", _file);
        Assert.Equal((ExitCode.Failed, ""), (code, output));
        Assert.StartsWith($"{_file}:31:11: error: virtualServices[0].port: 70000", error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unusable, Run("config", "show", _file + ".none").Code);
        Assert.Equal(ExitCode.Unusable, Run("config", "show", _file, "--format", "toml").Code);
    }

    [Fact]
    public void Schema_command_prints_the_schema()
    {
        var (code, output, _) = Run("config", "schema");

        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(ConfigurationSchema.ToJson(), output);
    }

    private (int Code, string Output, string Error) Check(string yaml, params string[] options)
    {
        File.WriteAllText(_file, yaml);
        return Run(["config", "check", _file, .. options]);
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = CommandLine.Run(new RootCommand { ConfigCommand.Create() }, arguments,
            new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
