using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Api.Status;
using Sidestep.Cli.Contexts;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep describe KIND NAME</c>: an object of the configuration with its state.</summary>
public static class DescribeCommand
{
    /// <summary>The most revisions that are compared to find the one that changed the object.</summary>
    private const int MostRevisions = 20;

    /// <summary>Creates the <c>describe</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var command = new Command("describe",
            "Show an object of the configuration, what the director knows about it, and the revision that changed it "
            + "last. Exit codes: 0: shown; 1: there is no such object, or no daemon runs; 2: the daemon does not "
            + "respond.");
        var which = new ObjectArguments(command, [], needsName: true);
        var director = new DirectorOptions(command);
        command.SetAction(parsed => new DirectorRequest(connect).Run(director.Read(parsed), null,
            parsed.InvocationConfiguration, client => RunAsync(client, which.PathOf(parsed)!,
                parsed.InvocationConfiguration.Output)));
        return command;
    }

    private static async Task<int> RunAsync(DirectorClient client, ObjectPath path, TextWriter output)
    {
        var content = await client.GetObjectAsync(path, CancellationToken.None).ConfigureAwait(false);
        output.WriteLine(path);
        output.WriteLine();
        string yaml = ConfigurationWriter.ToYaml(JsonSerializer.Serialize(content, ApiJson.Default.JsonObject));
        foreach (string line in yaml.TrimEnd().Split('\n'))
            output.WriteLine("  " + line);
        output.WriteLine();
        var status = await client.GetStatusAsync(CancellationToken.None).ConfigureAwait(false);
        StatusText.WriteParts(status, ServicesOf(path, status), ServersOf(path, status), output);
        if (await FindChangeAsync(client, path).ConfigureAwait(false) is { } revision)
        {
            output.WriteLine($"changed last by revision {revision.Number} of {revision.Author}, "
                + SessionText.Time(revision.Time) + (revision.Reason is null ? "" : $": {revision.Reason}"));
        }
        return ExitCode.Ok;
    }

    private static HashSet<string> ServicesOf(ObjectPath path, DirectorStatus status) =>
    [
        .. status.Services.Where(s => Concerns(path, s)).Select(static s => s.Name),
    ];

    private static bool Concerns(ObjectPath path, ServiceStatus service) =>
        path.Kind == ObjectKind.VirtualService ? service.Name == path.Name
        : path.Kind == ObjectKind.Pool ? service.Pool == path.Name
        : path.Kind == ObjectKind.Vip
            && service.Matches.Any(m => m.StartsWith(path.Name + " ", StringComparison.Ordinal));

    private static HashSet<(string Pool, string Server)> ServersOf(ObjectPath path, DirectorStatus status)
    {
        string? pool = path.Kind == ObjectKind.Pool ? path.Name : path.Owner?.Name
            ?? (path.Kind == ObjectKind.VirtualService
                ? status.Services.FirstOrDefault(s => s.Name == path.Name)?.Pool : null);
        return
        [
            .. status.Pools.Where(p => p.Name == pool).SelectMany(static p => p.Servers.Select(s => (p.Name, s.Name)))
                .Where(s => path.Kind != ObjectKind.RealServer || s.Item2 == path.Name),
        ];
    }

    /// <summary>The newest revision that changed the object; null: it is not among the latest, or there is no
    /// store.</summary>
    private static async Task<RevisionRecord?> FindChangeAsync(DirectorClient client, ObjectPath path)
    {
        try
        {
            var report = await client.GetRevisionsAsync(CancellationToken.None).ConfigureAwait(false);
            string prefix = PrefixOf(path);
            foreach (var revision in report.Revisions.Reverse().Where(static r => r.Author is not null)
                .Take(MostRevisions))
            {
                var difference = await client.GetDifferenceAsync(revision.Number, CancellationToken.None)
                    .ConfigureAwait(false);
                if (difference.Values.Any(v => v.Path.StartsWith(prefix, StringComparison.Ordinal)))
                    return revision;
            }
        }
        catch (DirectorException e) when (e.Status is 403 or 404 or 409)
        {
            // With a file there are no differences; the first revision has none either.
        }
        return null;
    }

    private static string PrefixOf(ObjectPath path) =>
        (path.Owner is null ? "" : PrefixOf(path.Owner) + ".") + $"{path.Kind.Section}[{path.Name}]";
}
