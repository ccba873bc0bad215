{# A matrix product for each candidate, over which Brian2CUDA's own kernels need a synapse each.
   A block of threads takes {{rows}} rows and {{trials}} trials of one candidate. #}
{% extends 'common_group.cu' %}
{% set _real = c_data_type(target.dtype) %}
{% set _n_terms = gains|length %}
{% set _row_tiles = (n_post + rows - 1) // rows %}
{% set _trial_tiles = (n_trials + trials - 1) // trials %}

{% block kernel %}
__global__ void __launch_bounds__({{rows}}) _run_kernel_{{codeobj_name}}(
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;

    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}

    __shared__ {{_real}} _tile[{{_n_terms}}][{{trials}}][{{sources}}];
    {{_real}} _sum[{{_n_terms}}][{{trials}}] = {};
    // Blocks that read the same weights are neighbors.
    const int _post = blockIdx.x % {{_row_tiles}} * {{rows}} + threadIdx.x;
    const int _first = blockIdx.x / {{_row_tiles}} % {{_trial_tiles}} * {{trials}};
    const size_t _candidate = blockIdx.x / {{_row_tiles * _trial_tiles}};

    for (int _start = 0; _start < {{n_pre}}; _start += {{sources}})
    {
        for (int _at = threadIdx.x; _at < {{trials * sources}}; _at += {{rows}})
        {
            const int _trial = _at / {{sources}}, _pre = _at % {{sources}};
            if (_first + _trial < {{n_trials}} && _start + _pre < {{n_pre}})
            {
                const size_t _idx = (_candidate * {{n_trials}} + _first + _trial) * {{n_sources}}
                                    + {{first_pre}} + _start + _pre;
                {{scalar_code['source']|autoindent}}
                {{vector_code['source']|autoindent}}
                {% for _k in range(_n_terms) %}
                _tile[{{_k}}][_trial][_pre] = _source_{{_k}};
                {% endfor %}
            }
        }
        __syncthreads();
        for (int _pre = 0; _post < {{n_post}} && _pre < {{sources}} && _start + _pre < {{n_pre}}; ++_pre)
        {
            const size_t _idx = (_candidate * {{n_pre}} + _start + _pre) * {{n_post}} + _post;
            {{scalar_code['weight']|autoindent}}
            {{vector_code['weight']|autoindent}}
            #pragma unroll
            for (int _trial = 0; _trial < {{trials}}; ++_trial)
            {
                {% for _k in range(_n_terms) %}
                _sum[{{_k}}][_trial] += _weight_{{_k}} * _tile[{{_k}}][_trial][_pre];
                {% endfor %}
            }
        }
        __syncthreads();
    }

    #pragma unroll
    for (int _trial = 0; _trial < {{trials}}; ++_trial)
    {
        if (_post < {{n_post}} && _first + _trial < {{n_trials}})
        {
            const size_t _idx = (_candidate * {{n_trials}} + _first + _trial) * {{n_post}} + _post;
            {{scalar_code['gain']|autoindent}}
            {{vector_code['gain']|autoindent}}
            {{get_array_name(target)}}[_idx] =
                {%- for _k in range(_n_terms) %}
                {{- " " if loop.first else " + "}}{{"_gain_%d * " % _k if gains[_k] else ""}}_sum[{{_k}}][_trial]
                {%- endfor %};
        }
    }
}
{% endblock kernel %}

{% block define_N %}
{% endblock %}

{% block prepare_kernel %}
{% endblock %}

{% block kernel_call %}
    _run_kernel_{{codeobj_name}}<<<{{n_candidates * _row_tiles * _trial_tiles}}, {{rows}}>>>(
            %HOST_PARAMETERS%
        );

    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock kernel_call %}
