using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Api.Plans;
using Sidestep.Api.ServerOverrides;
using Sidestep.Control.Access;
using Sidestep.Control.ServerOverrides;
using Sidestep.Daemon.Api.Access;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Handles requests for the overrides of real servers.</summary>
/// <param name="store">The overrides.</param>
/// <param name="view">Reads the configuration.</param>
/// <param name="plan">Plans a configuration, over which it lays the operational state.</param>
/// <param name="propose">Proposes the present configuration with the present overrides; true: it is in force.</param>
/// <param name="threads">Runs plans.</param>
/// <param name="log">Receives changes.</param>
/// <param name="time">The clock of the time stamps.</param>
internal sealed class OverrideHandlers(OverrideStore store, ConfigurationView view,
    Func<Configuration, PlanReport> plan, Func<Task<bool>> propose, LongRequests threads, ILogger log,
    TimeProvider time)
{
    private const int LongestReason = 1024;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>The overrides with what the configuration says about their servers.</summary>
    internal static ImmutableArray<OverrideRecord> Read(OverrideStore store, Configuration? configuration)
    {
        var servers = configuration?.Pools
            .SelectMany(static p => p.Servers.Select(s => (Pool: p.Name, Server: s.Name))).ToHashSet();
        return [.. store.All.Select(o => servers is null ? o
            : o with { IsStale = !servers.Contains((o.Pool, o.Server)) })];
    }

    internal Task ListAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        return ApiBodies.WriteAsync(context, new OverrideList(Read(store, view.Read().Configuration)),
            ApiJson.Default.OverrideList);
    }

    internal Task GetAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        var path = PathOf(context);
        RequireScope(context, path, mustExist: false);
        var present = Find(path) ?? throw NotFound(path);
        context.Response.Headers.ETag = EntityTag.Of(Content(present));
        return ApiBodies.WriteAsync(context, present, ApiJson.Default.OverrideRecord);
    }

    internal async Task PutAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context, ConfigurationChanges.DryRun);
        var path = PathOf(context);
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.OverrideRequest).ConfigureAwait(false);
        RequireScope(context, path, mustExist: true);
        RequireValid(request);
        await ChangeAsync(context, path, request is { State: null, Weight: null } ? null : request)
            .ConfigureAwait(false);
    }

    internal async Task DeleteAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context, ConfigurationChanges.DryRun);
        var path = PathOf(context);
        RequireScope(context, path, mustExist: false);
        if (Find(path) is null)
            throw NotFound(path);
        await ChangeAsync(context, path, null).ConfigureAwait(false);
    }

    private async Task ChangeAsync(HttpContext context, ObjectPath path, OverrideRequest? request)
    {
        var (pool, server) = (path.Owner!.Name, path.Name);
        OverrideRecord? Edit(OverrideRecord? present)
        {
            EntityTag.RequireMatch(context, present is null ? null : Content(present));
            if (request is null)
                return null;
            return present is not null && present.State == request.State && present.Weight == request.Weight
                && present.Reason == request.Reason ? present
                : new OverrideRecord(pool, server, request.State, request.Weight,
                    context.Features.Get<Principal>()!.Name, time.GetUtcNow())
                {
                    Reason = request.Reason,
                };
        }
        if (QueryParameters.Flag(context, ConfigurationChanges.DryRun))
        {
            var (before, after) = (Find(path), Edit(Find(path)));
            // A plan names the services and servers of others.
            var planned = context.Features.Get<Principal>() is { Scope: null }
                ? await threads.RunAsync(context, _ => plan(With(path, after))).ConfigureAwait(false) : null;
            await WriteAsync(context, new OverrideReport(before != after) { Override = after, Plan = planned })
                .ConfigureAwait(false);
            return;
        }
        bool isChanged = AccessHandlers.Run(() => store.Change(pool, server, Edit));
        bool? inForce = null;
        if (isChanged)
        {
            string text = TextOf(Find(path));
            log.OverrideChanged(pool, server, context.Features.Get<Principal>()!.Name, text);
            AuditRequests.Describe(context, text);
            inForce = await WaitAsync(propose(), context.RequestAborted).ConfigureAwait(false);
        }
        if (Find(path) is { } now)
            context.Response.Headers.ETag = EntityTag.Of(Content(now));
        await WriteAsync(context, new OverrideReport(isChanged) { InForce = inForce, Override = Find(path) })
            .ConfigureAwait(false);
    }

    /// <summary>The configuration as it would be with this override alone; the plan adds the others.</summary>
    private Configuration With(ObjectPath path, OverrideRecord? record)
    {
        var configuration = view.Read().Configuration;
        if (record is null)
            return configuration;
        return configuration with
        {
            Pools = new EffectiveConfiguration(configuration).WithOverrides([OverrideStore.Of(record)]).Pools,
        };
    }

    private static async Task<bool?> WaitAsync(Task<bool> proposed, CancellationToken cancellation)
    {
        try
        {
            return await proposed.WaitAsync(LongestWait, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static Task WriteAsync(HttpContext context, OverrideReport report) =>
        ApiBodies.WriteAsync(context, report, ApiJson.Default.OverrideReport);

    private OverrideRecord? Find(ObjectPath path) => store.Find(path.Owner!.Name, path.Name);

    private static ObjectPath PathOf(HttpContext context) => new(ObjectKind.RealServer,
        ObjectHandlers.RouteText(context, ObjectHandlers.NameParameter),
        new ObjectPath(ObjectKind.Pool, ObjectHandlers.RouteText(context, ObjectHandlers.OwnerParameter)));

    private void RequireScope(HttpContext context, ObjectPath path, bool mustExist)
    {
        var document = view.Read().Document;
        if (ObjectLookup.Find(document, path) is { } server)
            new RequestScope(context, document).Require(path, server);
        // An override without a server has no labels.
        else if (mustExist || context.Features.Get<Principal>() is { Scope: not null })
            throw new HttpStatusException(StatusCodes.Status404NotFound, "not found", $"there is no {path}");
    }

    private static void RequireValid(OverrideRequest request)
    {
        var errors = new List<IssueRecord>();
        if (request.Weight is { } weight and (< 0 or > Limits.Weight))
        {
            errors.Add(new IssueRecord("weight", 0, 0, weight.ToString(CultureInfo.InvariantCulture), "out of range",
                $"Write a whole number from 0 to {Limits.Weight}", "/weight", null));
        }
        if (request.Reason is { Length: > LongestReason } or { Length: 0 })
        {
            errors.Add(new IssueRecord("reason", 0, 0, null, $"has {request.Reason.Length} characters",
                $"Write 1 to {LongestReason}, or leave it out", "/reason", null));
        }
        if (request.Reason?.Any(char.IsControl) == true)
        {
            errors.Add(new IssueRecord("reason", 0, 0, null, "has control characters", "Write one line of text",
                "/reason", null));
        }
        if (errors.Count > 0)
        {
            throw new HttpStatusException(StatusCodes.Status422UnprocessableEntity, "not valid",
                string.Join("; ", errors.Select(static e => $"{e.Path}: {e.Reason}. {e.Remedy}")))
            {
                Errors = [.. errors],
            };
        }
    }

    /// <summary>What the entity tag of an override is made of.</summary>
    private static JsonElement Content(OverrideRecord record) => JsonSerializer.SerializeToElement(
        new OverrideRequest(record.State, record.Weight) { Reason = record.Reason }, ApiJson.Default.OverrideRequest);

    private static string TextOf(OverrideRecord? record) => record is null ? "none"
        : string.Join(", ", new[]
        {
            record.State?.ToString().ToLowerInvariant(),
            record.Weight is { } weight ? string.Create(CultureInfo.InvariantCulture, $"weight {weight}") : null,
            record.Reason,
        }.OfType<string>());

    private static HttpStatusException NotFound(ObjectPath path) => new(StatusCodes.Status404NotFound, "not found",
        $"there is no override of {path}");
}
