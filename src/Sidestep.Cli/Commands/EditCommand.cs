using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Cli.Edit;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep edit [KIND NAME]</c>: changes an object, or the whole configuration, in an editor.</summary>
public static class EditCommand
{
    private const string Configuration = "configuration", Comment = "#";

    /// <summary>How often a change is repeated because others changed something else meanwhile.</summary>
    private const int MostAttempts = 5;

    /// <summary>Creates the <c>edit</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var command = new Command("edit",
            "Change an object of the configuration of a director in an editor ($VISUAL, $EDITOR or vi), as YAML; "
                + "sidestep edit configuration changes all of it. What others change meanwhile is not lost. Exit "
                + "codes: 0: in force, or unchanged; 1: rejected, and the text is in a file; 2: the editor fails, or "
                + "the daemon does not respond.");
        var which = new ObjectArguments(command, [Configuration], needsName: false);
        var director = new DirectorOptions(command);
        var change = new ChangeArguments(command);
        command.Validators.Add(result =>
        {
            if (which.IsKind(result) && !which.HasName(result))
                result.AddError("NAME is missing: name the object");
        });
        command.SetAction(parsed => new DirectorRequest(connect).Run(director.Read(parsed), null,
            parsed.InvocationConfiguration, client => RunAsync(client, which.PathOf(parsed), change, parsed)));
        return command;
    }

    private static async Task<int> RunAsync(DirectorClient client, ObjectPath? path, ChangeArguments change,
        ParseResult parsed)
    {
        var error = parsed.InvocationConfiguration.Error;
        var (configuration, tag) = await client.GetTaggedConfigurationAsync(CancellationToken.None)
            .ConfigureAwait(false);
        string original = YamlOf(configuration, path);
        string file = Path.Combine(Path.GetTempPath(), $"sidestep-edit-{Guid.NewGuid():N}.yaml");
        string text = original;
        ImmutableArray<string> errors = [];
        try
        {
            while (true)
            {
                await WriteAsync(file, path, errors, text).ConfigureAwait(false);
                Editor.Open(file);
                string edited = WithoutComments(await File.ReadAllTextAsync(file).ConfigureAwait(false));
                if (edited.Trim().Length == 0 || edited == original || (edited == text && !errors.IsEmpty))
                    return errors.IsEmpty ? Unchanged(file, parsed) : Rejected(file, errors, error);
                text = edited;
                var (report, problems) = await ApplyAsync(client, configuration, tag, path, text, change.Of(parsed))
                    .ConfigureAwait(false);
                if (report is not null)
                {
                    File.Delete(file);
                    return change.Print(parsed, report);
                }
                errors = problems;
                if (Console.IsInputRedirected)
                    return Rejected(file, errors, error);
            }
        }
        catch (IOException e)
        {
            await error.WriteLineAsync($"error: {e.Message}").ConfigureAwait(false);
            return ExitCode.Unusable;
        }
        catch (DirectorException)
        {
            await error.WriteLineAsync($"The edited text is in {file}.").ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends the edited text. What others changed meanwhile stays, if it is not the same object.</summary>
    private static async Task<(ChangeReport? Report, ImmutableArray<string> Errors)> ApplyAsync(DirectorClient client,
        JsonObject configuration, string tag, ObjectPath? path, string text, ChangeOptions options)
    {
        for (int attempt = 1; ; attempt++)
        {
            var embedded = path is null ? null : new EmbeddedObject(configuration, path, text);
            try
            {
                return (await client.ApplyAsync(embedded?.Text ?? text, options with { IfMatch = tag },
                    CancellationToken.None).ConfigureAwait(false), []);
            }
            catch (DirectorException e) when (e.Problem is { Errors: { IsDefaultOrEmpty: false } errors })
            {
                return (null, [.. errors.Select(r => TextOf(r, embedded))]);
            }
            catch (DirectorException e) when (e.Status == 412 && attempt < MostAttempts)
            {
                var (newer, newerTag) = await client.GetTaggedConfigurationAsync(CancellationToken.None)
                    .ConfigureAwait(false);
                if (path is null || Find(newer, path)?.ToJsonString() != Find(configuration, path)?.ToJsonString())
                    throw;
                (configuration, tag) = (newer, newerTag);
            }
        }
    }

    /// <summary>An error with the line and the column in the text that the person edited.</summary>
    private static string TextOf(IssueRecord record, EmbeddedObject? embedded)
    {
        if (embedded is null)
            return IssueText.Of(record, "", "error").TrimStart(':');
        int line = record.Line - embedded.LinesBefore;
        return (line > 0 ? $"line {line}: " : "") + IssueText.Of(record);
    }

    private static async Task WriteAsync(string file, ObjectPath? path, ImmutableArray<string> errors, string text)
    {
        var lines = new List<string>
        {
            $"{Comment} {path?.ToString() ?? Configuration}. Lines that begin with {Comment} are ignored; without a "
                + "change, nothing happens.",
        };
        lines.AddRange(errors.Select(static e => $"{Comment} error: {e}"));
        await File.WriteAllTextAsync(file, string.Join('\n', lines) + "\n" + text).ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string WithoutComments(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n')
        .Where(static l => !l.StartsWith(Comment, StringComparison.Ordinal)));

    private static string YamlOf(JsonObject configuration, ObjectPath? path) => ConfigurationWriter.ToYaml(
        (path is null ? configuration : Find(configuration, path)
            ?? throw new DirectorException($"there is no {path}")).ToJsonString());

    private static JsonObject? Find(JsonObject configuration, ObjectPath path)
    {
        using var document = JsonDocument.Parse(configuration.ToJsonString());
        return ObjectLookup.Find(document.RootElement, path) is { } found ? JsonObject.Create(found.Clone()) : null;
    }

    private static int Unchanged(string file, ParseResult parsed)
    {
        File.Delete(file);
        parsed.InvocationConfiguration.Output.WriteLine("nothing changed");
        return ExitCode.Ok;
    }

    private static int Rejected(string file, ImmutableArray<string> errors, TextWriter error)
    {
        foreach (string text in errors)
            error.WriteLine($"error: {text}");
        error.WriteLine($"The edited text is in {file}.");
        return ExitCode.Failed;
    }
}
