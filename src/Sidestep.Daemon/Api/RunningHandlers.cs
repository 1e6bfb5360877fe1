using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Captures;
using Sidestep.Api.Flows;
using Sidestep.Forwarding;

namespace Sidestep.Daemon.Api;

/// <summary>Handles requests of the command line for flows, captures, plans and traces.</summary>
/// <param name="requests">Answers them.</param>
/// <param name="threads">Runs them.</param>
internal sealed class RunningHandlers(RunningDirectorRequests requests, LongRequests threads)
{
    internal Task SendFlowsAsync(HttpContext context)
    {
        var request = FlowsQuery.Of(context.Request.Query);
        return threads.RunAsync(context, cancellation =>
        {
            using var table = requests.OpenFlows(request);
            using var lines = new LineWriter<FlowsLine>(context, ApiJson.Default.FlowsLine, cancellation);
            Stream(lines, static problem => new FlowsLine { Problem = problem }, () =>
            {
                var report = requests.ReadFlows(request, table, flow => lines.Write(new FlowsLine { Flow = flow }));
                lines.Write(new FlowsLine { Report = report });
                lines.Flush();
            });
        });
    }

    internal async Task CaptureAsync(HttpContext context)
    {
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.CaptureRequest).ConfigureAwait(false);
        await threads.RunAsync(context, cancellation => Parsed(() => requests.Capture(request, pass =>
        {
            using var lines = new LineWriter<CaptureLine>(context, ApiJson.Default.CaptureLine, cancellation);
            Stream(lines, static problem => new CaptureLine { Problem = problem },
                () => pass(lines.Write, lines.Flush));
        }, cancellation))).ConfigureAwait(false);
    }

    internal async Task PlanAsync(HttpContext context)
    {
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.PlanRequest).ConfigureAwait(false);
        var report = await threads.RunAsync(context, _ => Parsed(() => requests.Plan(request))).ConfigureAwait(false);
        await ApiBodies.WriteAsync(context, report, ApiJson.Default.PlanReport).ConfigureAwait(false);
    }

    internal async Task TraceAsync(HttpContext context)
    {
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.TraceRequest).ConfigureAwait(false);
        var report = await threads.RunAsync(context, cancellation =>
            Parsed(() => requests.Trace(request, cancellation)))
            .ConfigureAwait(false);
        await ApiBodies.WriteAsync(context, report, ApiJson.Default.TraceReport).ConfigureAwait(false);
    }

    /// <exception cref="HttpStatusException">The request is invalid (400).</exception>
    private static T Parsed<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (FormatException e)
        {
            throw new HttpStatusException(StatusCodes.Status400BadRequest, "bad request", e.Message);
        }
    }

    private static void Parsed(Action run) => Parsed(() =>
    {
        run();
        return true;
    });

    /// <summary>Sends lines. After the first one, an error is a line, too.</summary>
    private void Stream<T>(LineWriter<T> lines, Func<ApiProblem, T> problemLine, Action send)
    {
        lines.Start();
        try
        {
            send();
        }
        catch (EngineException e)
        {
            lines.End(problemLine(ApiErrors.NotNow(e.Message)));
        }
        catch (OperationCanceledException) when (threads.IsStopping)
        {
            lines.End(problemLine(ApiErrors.NotNow("sidestepd stops")));
        }
    }
}
