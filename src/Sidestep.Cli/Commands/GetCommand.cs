using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep get KIND [NAME]</c>: the configuration of a running director, objects of it, the directors, or
/// the agents.</summary>
public static class GetCommand
{
    private const string Table = "table", Wide = "wide", Json = "json", Yaml = "yaml", Name = "name";
    private const string Configuration = "configuration";

    /// <summary>Creates the <c>get</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director, by its name and pin path.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var format = new Option<string>("--output", "-o")
        {
            Description = "table, wide (with labels), json, yaml or name. The whole configuration is YAML or JSON.",
            DefaultValueFactory = static _ => Table,
        };
        format.AcceptOnlyFromAmong(Table, Wide, Json, Yaml, Name);
        var labels = new Option<string?>("--labels", "-l")
        {
            Description = "Only objects with these labels: KEY=VALUE, KEY!=VALUE, KEY or !KEY, with commas.",
        };
        var command = new Command("get",
            "Show the configuration of a director, objects of it, the directors, or the agents. Exit codes: 0: "
                + "shown; 1: "
            + "there is no such object, or no daemon runs; 2: the daemon does not respond.");
        var which = new ObjectArguments(command, [Configuration, .. MemberTable.Kinds], needsName: false);
        var director = new DirectorOptions(command);
        command.Add(format);
        command.Add(labels);
        command.Validators.Add(result =>
        {
            if (result.GetValue(labels) is not null && (which.HasName(result) || !which.IsKind(result)))
                result.AddError("--labels selects from a list of objects: leave out NAME");
        });
        var watch = new WatchOption(command);
        command.SetAction(parsed =>
        {
            var target = director.Read(parsed);
            return watch.Run(parsed, () => new DirectorRequest(connect).Run(target, null,
                parsed.InvocationConfiguration, client => RunAsync(client, which, parsed, parsed.GetValue(format)!,
                    parsed.GetValue(labels))));
        });
        return command;
    }

    private static async Task<int> RunAsync(DirectorClient client, ObjectArguments which, ParseResult parsed,
        string format, string? labels)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (which.KindText(parsed) == Configuration)
        {
            var configuration = await client.GetConfigurationAsync(CancellationToken.None).ConfigureAwait(false);
            Write(JsonSerializer.SerializeToElement(configuration, ApiJson.Default.JsonObject),
                format == Json ? Json : Yaml, output);
            return ExitCode.Ok;
        }
        if (MemberTable.Kinds.Contains(which.KindText(parsed)))
        {
            var (columns, rows, json) = await MemberTable.ReadAsync(client, which.KindText(parsed))
                .ConfigureAwait(false);
            Write(columns, rows, json, format, output);
            return ExitCode.Ok;
        }
        var kind = which.KindOf(parsed);
        if (which.PathOf(parsed) is { } path)
        {
            var content = await client.GetObjectAsync(path, CancellationToken.None).ConfigureAwait(false);
            Write(kind, [JsonSerializer.SerializeToElement(content, ApiJson.Default.JsonObject)], format, true, output);
            return ExitCode.Ok;
        }
        var items = ImmutableArray.CreateBuilder<JsonElement>();
        string? after = null;
        do
        {
            var page = await client.ListAsync(kind, which.OwnerOf(parsed), labels, after, CancellationToken.None)
                .ConfigureAwait(false);
            items.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        Write(kind, items.ToImmutable(), format, false, output);
        return ExitCode.Ok;
    }

    private static void Write(string[] columns, ImmutableArray<string[]> rows, JsonElement json, string format,
        TextWriter output)
    {
        if (format == Name)
        {
            foreach (string[] row in rows)
                output.WriteLine(row[0]);
        }
        else if (format is Json or Yaml)
            Write(json, format, output);
        else
        {
            var table = new ReportTable(columns);
            foreach (string[] row in rows)
                table.AddRow(row);
            table.Write(TextConsole.On(output));
        }
    }

    private static void Write(ObjectKind kind, ImmutableArray<JsonElement> items, string format, bool isOne,
        TextWriter output)
    {
        if (format is Table or Wide)
            ObjectTable.Write(kind, items, format == Wide, output);
        else if (format == Name)
        {
            foreach (var item in items)
                output.WriteLine(ObjectLookup.NameOf(kind, item));
        }
        else if (isOne)
            Write(items[0], format, output);
        else
            Write(JsonSerializer.SerializeToElement(new Api.Configurations.ObjectList(items),
                ApiJson.Default.ObjectList), format, output);
    }

    private static void Write(JsonElement content, string format, TextWriter output)
    {
        if (format == Yaml)
            output.Write(ConfigurationWriter.ToYaml(content.GetRawText()));
        else
            output.WriteLine(JsonSerializer.Serialize(content, ApiJson.Indented.JsonElement));
    }
}
